"""The paper of an exam: which questions are asked, and their right answers.

There are two parts: the corrections that the training learns, and rows that no training may learn.
It does not know models.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from trainer.data.questions import question_key
from trainer.data.records import records
from trainer.data.rows import check_shape, to_row
from trainer.data.sources import files_of

CORRECTION_KINDS = ("correction", "taught", "typed")
"""The kinds of rows that people taught: the exam asks whether the adapter has learned them."""
EXAMINED = "that are in the exam"
"""Why a row of a training is left out."""
MOST_CORRECTIONS = 100
MOST_OTHERS = 200
"""Longer exams would say no more, and would take long with a large model."""


@dataclass(frozen=True)
class ExamRow:
    """A question with its right answer; `rejected` is one known to be wrong, empty where none is.

    `id` names a row of the feedback, and is empty for others; `kind` is empty where not known.
    """

    instruction: str
    input: str
    output: str
    rejected: str = ""
    kind: str = ""
    id: str = ""
    standing: str = ""
    """The instruction that holds for every question where this one was asked."""

    @property
    def question(self) -> str:
        """A text that is equal for rows that ask the same."""
        return question_key(self.instruction, self.input)


@dataclass(frozen=True)
class Paper:
    """What is asked: `corrections` were trained on, `others` never."""

    corrections: list[ExamRow] = field(default_factory=list)
    others: list[ExamRow] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.corrections or self.others)


def read_exam(source: str | None) -> list[ExamRow]:
    """Return the rows of an exam's file; none where there is no file. Of two that ask the same the
    last counts, and rows without a question or an answer are left out.

    Raises:
        DataUnusable: a file that is missing, unreadable, or of unknown shape.
    """
    if not source or not _has_text(source):
        return []
    rows = {row.question: row for row in _rows(source)}
    return list(rows.values())


def corrections_in(source: str, excluded: Iterable[str]) -> list[ExamRow]:
    """Return the corrections among the rows of a training, but for the questions `excluded`.

    A question that is corrected twice counts once, with the answer that was taught last.

    Raises:
        DataUnusable: as `read_exam`.
    """
    without = set(excluded)
    taught = [row for row in _rows(source) if row.kind in CORRECTION_KINDS]
    rows = {row.question: row for row in taught if row.question not in without}
    return list(rows.values())


def paper(corrections: Sequence[ExamRow], others: Sequence[ExamRow]) -> Paper:
    """Return the exam over these rows; of very many some are drawn, always the same ones."""
    return Paper(_drawn(corrections, MOST_CORRECTIONS), _drawn(others, MOST_OTHERS))


def _drawn(rows: Sequence[ExamRow], most: int) -> list[ExamRow]:
    by_digest = sorted(rows, key=lambda row: hashlib.sha256(row.question.encode()).digest())
    kept = set(by_digest[:most])
    return [row for row in rows if row in kept]


def _rows(source: str) -> list[ExamRow]:
    found = []
    shape: str | None = None
    for file in files_of(source):
        for place, record in records(file):
            shape = check_shape(shape, record, place)
            row = to_row(shape, record, place)
            asked = (row.instruction.strip() or row.input.strip()) and row.output.strip()
            if asked and not row.thread:
                names = {key: _name(record, key) for key in ("rejected", "kind", "id")}
                known = ExamRow(row.instruction, row.input, row.output, **names)
                found.append(replace(known, standing=row.standing))
    return found


def _name(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _has_text(source: str) -> bool:
    """Tell whether there is more than an empty file, which an exam without rows leaves."""
    path = Path(source)
    return not path.is_file() or bool(path.read_bytes().strip())
