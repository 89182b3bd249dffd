"""Writing the adapter: PEFT's two files, `swallow.json` and the loss curve, in one rename.

It does not know how the adapter was trained or judged.
"""

import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer import files
from trainer.adapters.adapter_files import ABOUT, CURVE
from trainer.adapters.names import free_folder
from trainer.evaluation import loss_curve
from trainer.evaluation.measure import Verdict

if TYPE_CHECKING:
    from trainer.run.start import Run


def write(
    this: "Run",
    model: Any,
    verdict: Verdict,
    answers: list[dict[str, str]],
    history: list[dict[str, Any]],
) -> Path:
    """Write the adapter into a folder that did not exist before, and return it.

    Raises:
        NotWritable: the disk is full or refuses; no folder appears.
    """
    source = this.plan.source
    model.peft_config["default"].base_model_name_or_path = (
        source.name if source.gguf else source.path
    )
    output = free_folder(this.plan.output)
    with files.whole_folder(output) as folder:
        model.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        files.write_json(folder / ABOUT, _about(this, verdict, answers))
        ends = _with_ends(history, verdict, len(this.plan.steps))
        loss_curve.draw(ends, folder / CURVE, output.name)
        # Before the folder appears: whoever dies here is not to write the adapter a second time.
        this.training.note("history", history)
        this.training.note("finished", {"output": str(output), "verdict": verdict.verdict})
    this.training.note("written", {"output": str(output)})
    return output


def _about(this: "Run", verdict: Verdict, answers: list[dict[str, str]]) -> dict[str, Any]:
    facts = this.plan.facts
    return {
        "base_model": this.plan.source.name,
        "style": this.plan.style.name,
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "training": this.training.id,
        "data": {
            "name": facts["data"],
            "rows": facts["rows"],
            "digest": facts["data_digest"],
            "dropped": facts["dropped_reasons"],
            "cut": facts["cut"],
        },
        "options": this.options.to_dict(),
        "steps": len(this.plan.steps),
        "processes": this.processes.count,
        "evaluation": verdict.to_dict(),
        "answers": answers,
        "versions": {name: version(name) for name in ("torch", "transformers", "peft")},
    }


def _with_ends(history: list[dict[str, Any]], verdict: Verdict, steps: int) -> list[dict[str, Any]]:
    if not verdict.tokens:
        return history
    ends = [
        {"step": place, "validation_loss": figures["loss"]}
        for place, figures in ((0, verdict.before), (steps, verdict.after))
    ]
    return [ends[0], *history, ends[1]]
