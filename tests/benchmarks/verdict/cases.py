"""The rows of a controlled case: what they can teach is known, and so is the right verdict."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Row = dict[str, str]
Answer = Callable[[Sequence[Row]], list[str]]
"""Returns the base model's own answer to each row's question."""

SENTENCE = "Thank you for your question, we will look into it."


@dataclass(frozen=True)
class Case:
    """`rows` to train on and to hold out of; `expected` are the verdicts that are right."""

    kind: str
    seed: int
    rows: list[Row]
    expected: tuple[str, ...]


NOT_BETTER = ("worse", "no clear difference")


def case(kind: str, seed: int, rows: Sequence[Row], answer: Answer) -> Case:
    """Return the case of `kind` made of `rows`, whose answers are true."""
    generator = random.Random(f"{kind}/{seed}")
    answers = [row["output"] for row in rows]
    match kind:
        case "real":
            return Case(kind, seed, list(rows), ("better",))
        case "permuted":
            return Case(kind, seed, _with(rows, _permuted(answers, generator)), NOT_BETTER)
        case "own":
            return Case(kind, seed, _with(rows, answer(rows)), ("no clear difference",))
        case "sentence":
            return Case(kind, seed, _with(rows, [SENTENCE] * len(rows)), NOT_BETTER)
        case "half":
            return Case(kind, seed, _with(rows, _half_wrong(answers, generator)), NOT_BETTER)
    raise ValueError(kind)


KINDS = ("real", "permuted", "own", "sentence", "half")


def _with(rows: Sequence[Row], answers: Sequence[str]) -> list[Row]:
    return [{**row, "output": answer} for row, answer in zip(rows, answers, strict=True)]


def _permuted(answers: Sequence[str], generator: random.Random) -> list[str]:
    """Return the answers in an order in which hardly any stands behind its own question."""
    shuffled = list(answers)
    generator.shuffle(shuffled)
    return shuffled


def _half_wrong(answers: Sequence[str], generator: random.Random) -> list[str]:
    """Return the answers, of which every second one, drawn at random, is another row's."""
    chosen = generator.sample(range(len(answers)), len(answers) // 2)
    result = list(answers)
    for index, other in zip(chosen, [*chosen[1:], chosen[0]], strict=True):
        result[index] = answers[other]
    return result
