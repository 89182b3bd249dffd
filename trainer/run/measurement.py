"""Measuring the base model and the adapter within a run, and comparing the two.

The base model is measured once per training, and the result is kept in the training's folder. This
module does not know how losses are computed or judged.
"""

from dataclasses import asdict, dataclass
from typing import Any

from trainer.evaluation import measure as evaluation
from trainer.evaluation import verdict
from trainer.evaluation.sample_answers import answers
from trainer.evaluation.verdict import Losses, Verdict
from trainer.exam.result import ExamResult
from trainer.exam.sitting import Candidate, sit
from trainer.run.context import Run


@dataclass(frozen=True)
class Measurement:
    """Held-out losses and the answers to the fixed questions, of the base or of the adapter."""

    losses: Losses
    answers: list[dict[str, str]]
    """Empty in all processes but the first."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values; floats survive JSON exactly."""
        losses = asdict(self.losses)
        return {"losses": losses, "answers": self.answers}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Measurement":
        """Read what `to_dict` wrote."""
        return cls(Losses(**values["losses"]), values["answers"])


def measure_base(run: Run, model: Any) -> Measurement:
    """Measure the model without its adapter, once per training."""
    kept = run.processes.agree(run.training.result("before"))
    if kept:
        return Measurement.from_dict(kept)
    with model.disable_adapter():
        measurement = measure(run, model)
    if run.processes.first:
        run.training.write_result("before", measurement.to_dict())
    return measurement


def measure(run: Run, model: Any) -> Measurement:
    """Measure `model` as it stands on the held-out rows and the fixed questions."""
    losses = evaluation.losses(
        model,
        run.plan.held_out.encoded,
        limit=run.plan.steps.limit,
        share=run.options.packing,
        processes=run.processes,
    )
    first = run.processes.first
    answered = answers(model, run.plan.tokenizer, run.plan.style) if first else []
    return Measurement(losses, answered)


def judge(run: Run, before: Measurement, after: Measurement) -> Verdict:
    """Return the verdict over the base model and the adapter."""
    rows = run.plan.held_out.encoded
    return verdict.judge(
        before.losses,
        after.losses,
        evaluation.response_tokens(rows),
        evaluation.response_bytes(rows, run.plan.tokenizer),
    )


def examine(run: Run, model: Any) -> ExamResult | None:
    """Let the model sit the exam, with its adapter and without; None where nothing is asked."""
    if not run.plan.paper:
        return None
    candidate = Candidate(
        model,
        run.plan.tokenizer,
        run.plan.style,
        limit=run.plan.steps.limit,
        share=run.options.packing,
        processes=run.processes,
    )
    return sit(candidate, run.plan.paper)


def summary_of(overall: str, verdict: Verdict, exam: ExamResult | None) -> str:
    """Return all that is to be said of the adapter: the overall verdict, the exam, the losses."""
    if exam is None:
        return verdict.summary
    return f"{overall.capitalize()}: {exam.summary}\nHeld-out rows: {verdict.summary}"


def side_by_side(before: Measurement, after: Measurement) -> list[dict[str, str]]:
    """Return each question with the answer of the base model and that of the adapter."""
    return [
        {**old, "base": old["answer"], "adapter": new["answer"]}
        for old, new in zip(before.answers, after.answers, strict=True)
    ]
