"""A data set: the usable rows of a source, and how many were dropped for which reason.

Rows that cannot be learned from are dropped and counted; a file that cannot be read is an error.
This module does not know file formats, tokenizers or prompts.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from trainer.data.questions import question_key
from trainer.data.records import records
from trainer.data.rows import EXPECTED, Row, check_shape, to_row
from trainer.data.sources import files_of, name_of
from trainer.errors import DataUnusable


@dataclass(frozen=True)
class DataSet:
    """The usable rows of a source in its order; `dropped` counts the others by reason.

    `read` is the number of all rows.
    """

    name: str
    rows: list[Row]
    read: int
    dropped: Counter[str] = field(default_factory=Counter)
    ids: dict[Row, list[str]] = field(default_factory=dict)
    """The ids of the rows that people taught; several where the same was taught repeatedly."""

    @property
    def taught(self) -> bool:
        """Whether people taught all of the rows, as in feedback: each has an id."""
        return all(row in self.ids for row in self.rows)

    def without(self, questions: Collection[str], reason: str) -> "DataSet":
        """Return the rows that ask none of `questions`, which are `question_key`s.

        The others are counted as dropped for `reason`, also where the question is the last of a
        thread.
        """
        rows = [
            row for row in self.rows if question_key(row.instruction, row.input) not in questions
        ]
        left_out = len(self.rows) - len(rows)
        return replace(self, rows=rows, dropped=self.dropped + Counter({reason: left_out}))

    @property
    def digest(self) -> str:
        """The SHA-256 of the rows' content in hex; a resumed training compares it."""
        digest = hashlib.sha256()
        for row in self.rows:
            thread = [[turn.role, turn.text] for turn in row.thread]
            digest.update(json.dumps([row.instruction, row.input, row.output, thread]).encode())
        return digest.hexdigest()


def read(source: str) -> DataSet:
    """Read `source`: `sample`, a file, a folder of files, or the id of a dataset on the hub.

    Rows without an instruction or an answer are dropped, and exact repetitions: a repeated row
    could be both trained on and held out.

    Raises:
        DataUnusable: it is missing, unreadable, of mixed or unknown shape, or no row is left.
    """
    rows: list[Row] = []
    seen: set[Row] = set()
    dropped: Counter[str] = Counter()
    ids: dict[Row, list[str]] = {}
    count = 0
    shape: str | None = None
    for file in files_of(source):
        for place, record in records(file):
            count += 1
            shape = check_shape(shape, record, place)
            row = to_row(shape, record, place)
            if row.id:
                ids.setdefault(row, []).append(row.id)
            reason = _reason_to_drop(row, seen)
            if reason:
                dropped[reason] += 1
            else:
                seen.add(row)
                rows.append(row)
    if not count:
        raise DataUnusable(f"{source!r} holds no rows; expected {EXPECTED}.")
    if not rows:
        reasons = ", ".join(f"{number} {reason}" for reason, number in dropped.items())
        raise DataUnusable(
            f"None of the {count} rows of {source!r} can be learned from: {reasons}."
        )
    return DataSet(name_of(source), rows, count, dropped, ids)


def _reason_to_drop(row: Row, seen: set[Row]) -> str | None:
    if not row.instruction.strip() and not row.input.strip():
        return "without an instruction"
    if not row.output.strip():
        return "without an answer"
    return "repeated" if row in seen else None
