"""Rows of feedback as lines of JSON: written for elsewhere, and read from there.

Reading takes every file that a training takes, so that what a team has elsewhere can be approved
here row by row. A row that this project has written keeps its id, its author and its kind.
"""

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

from tasks.errors import FeedbackRefused
from tasks.feedback.row import FeedbackRow, RowKind, row_id
from trainer.data.records import records
from trainer.data.rows import Row, check_shape, to_row

_ID = re.compile(r"[0-9a-f]{16}")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,20}|operator:[^\s/]{1,50}")

_DROPPED = {
    "empty": "without a question or an answer",
    "too_long": "too long",
}


@dataclass
class ReadRows:
    """The usable rows of a file, each once, and how many were not usable for which reason."""

    rows: dict[str, FeedbackRow] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)


def line_of(row: FeedbackRow) -> str:
    """Return a row with everything that is known of it as a line of JSON."""
    return json.dumps(asdict(row), ensure_ascii=False)


def read_rows(file: Path, author: str) -> ReadRows:
    """Read the rows of a JSON, JSONL or CSV file; `author` has those that name none.

    Raises:
        DataUnusable: the file is unreadable, empty, or of mixed or unknown shape.
    """
    found = ReadRows()
    shape: str | None = None
    for place, record in records(file):
        shape = check_shape(shape, record, place)
        row = to_row(shape, record, place)
        if row.thread:
            found.dropped["a conversation of several turns"] += 1
            continue
        try:
            proposed = _proposed(row, record, author)
        except FeedbackRefused as error:
            found.dropped[_DROPPED.get(error.reason, "of no use")] += 1
            continue
        if proposed.id in found.rows:
            found.dropped["repeated"] += 1
        else:
            found.rows[proposed.id] = proposed
    return found


def _proposed(row: Row, record: dict[str, Any], author: str) -> FeedbackRow:
    id, kind, rejected = (_text(record, key) for key in ("id", "kind", "rejected"))
    others = record.get("others")
    named = [name for name in others if _is_person(name)] if isinstance(others, list) else []
    return FeedbackRow(
        id=id if _ID.fullmatch(id) else row_id("imported", row.instruction, row.input, row.output),
        kind=kind if kind in get_args(RowKind) else "imported",  # type: ignore[arg-type]
        instruction=row.instruction,
        input=row.input,
        output=row.output,
        rejected=rejected,
        author=_text(record, "author") if _is_person(record.get("author")) else author,
        others=tuple(named),
    )


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""


def _is_person(name: object) -> bool:
    return isinstance(name, str) and _PERSON.fullmatch(name) is not None
