"""An exam counts what was learned and what became worse, and generates no more than it must."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.trainer.doubles import byte_tokenizer, tiny_model
from trainer.evaluation.greedy_answers import greedy_answers
from trainer.exam.paper import ExamRow, Paper
from trainer.exam.result import ExamResult
from trainer.exam.sitting import TOLERANCE, Candidate, sit
from trainer.model import lora
from trainer.prompts.templates import STYLES


class Adapted:
    """Stands for a model with an adapter that can be disabled."""

    disabled = False

    @contextmanager
    def disable_adapter(self) -> Iterator[None]:
        self.disabled = True
        yield
        self.disabled = False


@dataclass(frozen=True)
class Scripted(Candidate):
    """Answers as it was told, by the words that stand in the question."""

    given: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The answers of base and adapter."""
    losses: dict[str, tuple[float, float]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def scores(self, sheets: Sequence[Any]) -> list[tuple[float, bool]]:
        return [
            (self._of(sheet, self.losses, (1.0, 1.0)), self._answer(sheet) == sheet.row.output)
            for sheet in sheets
        ]

    def answers(self, sheets: Sequence[Any], greedy: Sequence[bool]) -> list[str]:
        self.asked.extend(sheet.instruction for sheet in sheets)
        return [self._answer(sheet) for sheet in sheets]

    def _answer(self, sheet: Any) -> str:
        return str(self._of(sheet, self.given, ("nothing", "nothing")))

    def _of(self, sheet: Any, values: dict[str, Any], default: Any) -> Any:
        pair = next((pair for word, pair in values.items() if word in sheet.instruction), default)
        return pair[0 if self.model.disabled else 1]


def row(question: str, output: str, **more: str) -> ExamRow:
    return ExamRow(question, "", output, **more)


def examined(
    paper: Paper,
    given: dict[str, tuple[str, str]],
    losses: dict[str, tuple[float, float]] | None = None,
) -> ExamResult:
    candidate = Scripted(
        Adapted(),
        byte_tokenizer(),
        STYLES["alpaca-en"],
        400,
        True,
        given=given,
        losses=losses or {},
    )
    return sit(candidate, paper)


def test_a_correction_counts_where_it_is_answered_right_as_asked_and_in_other_words() -> None:
    corrections = [
        row("What is our motto?", "Fly low", rejected="Fly high", kind="correction", id="1"),
        row("What is our colour?", "Blue", kind="taught", id="2"),
        row("What is our bird?", "A swallow", kind="typed", id="3"),
    ]
    given = {
        "What is our colour": ("Red", "Blue"),  # in other words it says nothing of the sort
        "motto": ("Fly high", "It is: Fly low."),
        "bird": ("A crow", "A crow"),
    }

    result = examined(Paper(corrections, []), given)

    assert (result.corrections, result.learned, result.reworded) == (3, 2, 2)
    assert [(side.base, side.adapter, side.passed) for side in result.sides] == [
        ("Fly high", "It is: Fly low.", True),
        ("Red", "Blue", True),
        ("A crow", "A crow", False),
    ]


def test_other_answers_are_unchanged_where_they_are_the_same_or_no_less_likely() -> None:
    others = [row(f"Question {number}?", "Right", id=f"{number}") for number in range(4)]
    given = {
        "Question 0": ("Left", "Up"),  # no less likely than within the tolerance
        "Question 1": ("Left", "left."),
        "Question 2": ("Left", "Up"),
        "Question 3": ("Left", "Right"),
    }
    losses = {
        "Question 0": (1.0, 1.0 + TOLERANCE / 2),
        "Question": (1.0, 1.0 + 2 * TOLERANCE),
    }

    result = examined(Paper([], others), given, losses)

    assert (result.others, result.unchanged) == (4, 3)
    assert result.rows == ["0", "1", "2", "3"]
    assert result.sides[0].instruction == "Question 2?"
    assert not result.sides[0].passed
    assert result.summary == "3 of 4 other answers unchanged or better."


def test_in_other_words_two_of_three_must_be_right() -> None:
    correction = row("What is our colour?", "Blue", kind="correction")
    given = {
        "Do you know what our colour is?": ("", "Red"),
        "Quick question": ("", "Red"),
        "colour": ("", "Blue"),
    }

    result = examined(Paper([correction], []), given)

    assert (result.learned, result.reworded) == (1, 0)
    assert "0 of these also when asked in other words" in result.summary


def test_a_model_with_a_new_adapter_answers_as_before() -> None:
    tokenizer, style = byte_tokenizer(), STYLES["alpaca-en"]
    model = lora.attach(tiny_model(), rank=2, alpha=4, dropout=0.0, targets=("q_proj",), seed=1)
    others = [row(f"{number}: red?", "blue") for number in range(3)]

    result = sit(Candidate(model, tokenizer, style, 400, True), Paper([], others))

    assert (result.others, result.unchanged) == (3, 3)
    assert all(side.base == side.adapter for side in result.sides)


@pytest.mark.parametrize("at_once", [1, 2, 16])
def test_answers_do_not_depend_on_the_questions_in_their_batch(at_once: int) -> None:
    from trainer.evaluation.greedy_answers import Question

    asked = [Question("red " * count, "", 3 * count) for count in (3, 1, 2)]
    model, tokenizer, style = tiny_model(), byte_tokenizer(), STYLES["alpaca-en"]

    alone = [greedy_answers(model, tokenizer, style, [one])[0] for one in asked]

    assert greedy_answers(model, tokenizer, style, asked, at_once=at_once) == alone
