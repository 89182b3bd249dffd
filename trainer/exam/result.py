"""What an exam found, in two numbers that a person understands, and what follows for the adapter.

Arithmetic only: this module knows no model and imports no torch.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_WORSE = 0.1
"""An adapter that answers more than this share of other questions worse than before is worse,
whatever it has learned."""
ENOUGH_OTHERS = 5
"""So many other questions tell whether an adapter forgets; with fewer the held-out rows count."""


@dataclass(frozen=True)
class Side:
    """A question with the right answer, and those of base and adapter. `passed`: a correction was
    learned, or another answer is unchanged or better."""

    instruction: str
    input: str
    right: str
    base: str
    adapter: str
    passed: bool
    kind: str = ""
    id: str = ""


@dataclass(frozen=True)
class ExamResult:
    """The marks. Of `corrections`, `learned` are answered right, of which `reworded` are so too
    when they are asked in other words; of `others`, `unchanged` answers are the same or better."""

    corrections: int
    learned: int
    reworded: int
    others: int
    unchanged: int
    sides: list[Side] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    """The ids of the other rows that were asked, as far as they have one."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""
        values = asdict(self)
        del values["rows"]  # named apart, beside the rows that were learned
        return {**values, "summary": self.summary}

    @property
    def summary(self) -> str:
        """The two numbers as one sentence; empty where nothing was asked."""
        parts = []
        if self.corrections:
            also = "" if self.reworded == self.learned else f"{self.reworded} of these "
            words = f", {also}also when asked in other words" if self.learned else ""
            parts.append(f"{self.learned} of {self.corrections} corrections learned{words}")
        if self.others:
            parts.append(f"{self.unchanged} of {self.others} other answers unchanged or better")
        return "; ".join(parts) + "." if parts else ""


def overall_verdict(about: Mapping[str, Any]) -> str:
    """Return the verdict over an adapter from its `swallow.json`, whoever wrote that; one of
    better, worse, no clear difference, unknown, or empty where nothing was evaluated.

    The exam says whether corrections were learned, and whether other answers became worse; the
    held-out rows count where it does not say.
    """
    evaluation = about.get("evaluation")
    held_out = str(evaluation.get("verdict", "")) if isinstance(evaluation, dict) else ""
    marks = marks_of(about)
    if marks is None:
        return held_out
    if marks["others"] - marks["unchanged"] > MOST_WORSE * marks["others"]:
        return "worse"
    if not marks["corrections"] or (held_out == "worse" and marks["others"] < ENOUGH_OTHERS):
        return held_out
    return "better" if 2 * marks["learned"] > marks["corrections"] else "no clear difference"


def marks_of(about: Mapping[str, Any]) -> dict[str, int] | None:
    """Return the five counts of the exam in a `swallow.json`; None without one of our form."""
    exam = about.get("exam")
    names = ("corrections", "learned", "reworded", "others", "unchanged")
    if not isinstance(exam, dict):
        return None
    marks = {name: exam.get(name) for name in names}
    counts = {name: value for name, value in marks.items() if type(value) is int and value >= 0}
    if len(counts) < len(names):
        return None
    possible = counts["reworded"] <= counts["learned"] <= counts["corrections"]
    return counts if possible and counts["unchanged"] <= counts["others"] else None
