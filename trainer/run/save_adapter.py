"""Writing the adapter: PEFT's two files, `swallow.json` and the loss curve, in one rename.

It does not know how the adapter was trained or judged.
"""

import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainer import files
from trainer.adapters.adapter_files import ABOUT, CURVE
from trainer.adapters.names import free_folder
from trainer.evaluation import loss_curve
from trainer.evaluation.verdict import Verdict
from trainer.exam.result import ExamResult
from trainer.run.context import Run


def save_adapter(
    run: Run,
    model: Any,
    verdict: Verdict,
    exam: ExamResult | None,
    answers: list[dict[str, str]],
    history: list[dict[str, Any]],
) -> Path:
    """Write the adapter into a folder that did not exist before, and return it.

    Raises:
        NotWritable: the disk is full or refuses; no folder appears.
    """
    source = run.plan.source
    model.peft_config["default"].base_model_name_or_path = (
        source.name if source.gguf else source.path
    )
    output = free_folder(run.plan.output)
    with files.whole_folder(output) as folder:
        model.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        files.write_json(folder / ABOUT, _about(run, verdict, exam, answers))
        steps, checked = len(run.plan.steps), run.plan.checks is not None
        points = _with_measured_ends(history, verdict, steps, checked=checked)
        loss_curve.draw(points, folder / CURVE, output.name)
        # Before the folder appears: a process that dies in between must find its adapter when
        # resumed, and not write it a second time.
        run.training.write_result("history", history)
        run.training.write_result("finished", {"output": str(output), "verdict": verdict.verdict})
    run.training.write_result("written", {"output": str(output)})
    return output


def _about(
    run: Run, verdict: Verdict, exam: ExamResult | None, answers: list[dict[str, str]]
) -> dict[str, Any]:
    """Return the content of `swallow.json`."""
    facts = run.plan.facts
    return {
        "base_model": run.plan.source.name,
        "style": run.plan.style.name,
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "training": run.training.id,
        "data": {
            "name": facts["data"],
            "rows": facts["rows"],
            "digest": facts["data_digest"],
            "dropped": facts["dropped_reasons"],
            "cut": facts["cut"],
        },
        "rows": list(run.plan.taught),
        "options": run.options.to_dict(),
        "steps": len(run.plan.steps),
        "processes": run.processes.count,
        "evaluation": verdict.to_dict(),
        **({"exam": exam.to_dict(), "exam_rows": exam.rows} if exam else {}),
        "answers": answers,
        "versions": {name: version(name) for name in ("torch", "transformers", "peft")},
    }


def _with_measured_ends(
    history: list[dict[str, Any]], verdict: Verdict, steps: int, *, checked: bool
) -> list[dict[str, Any]]:
    """Return `history` between the held-out losses measured before step 1 and after the last.

    Those of a `checked` training's history are of other rows.
    """
    if not verdict.tokens or checked:
        return history
    first = {"step": 0, "validation_loss": verdict.before["loss"]}
    last = {"step": steps, "validation_loss": verdict.after["loss"]}
    return [first, *history, last]
