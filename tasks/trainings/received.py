"""A data set that somebody sends: checked as a training would read it, and kept under a name.

Only the rows that can be learned from are kept. Nothing that is there is ever replaced: a name that
is taken gets a number.
"""

import json
import os
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tasks.settings import Settings
from tasks.trainings.datasets import known
from trainer.data.dataset import DataSet, read
from trainer.data.rows import Row
from trainer.files import make_private, writing

MOST_BYTES = 50 * 1024 * 1024
"""The largest file that is taken."""


@dataclass(frozen=True)
class Received:
    """A data set that was kept as `name`; `dropped` counts the other rows by reason."""

    name: str
    rows: int
    read: int
    characters: int
    longest: int
    """The characters of the longest row."""
    dropped: Mapping[str, int] = field(default_factory=dict)


def keep(content: bytes, file_name: str, name: str, settings: Settings) -> Received:
    """Check the content of a JSON, JSONL or CSV file and keep it as the data set `name`.

    Raises:
        DataUnusable: it cannot be read, is of mixed or unknown shape, or no row is of use.
        NotWritable: the home has no room for it.
    """
    folder = settings.home / "datasets"
    with writing(folder), tempfile.TemporaryDirectory(prefix="swallow-") as temporary:
        make_private(folder)
        # By this name alone the file is spoken of, should it be refused.
        file = Path(temporary) / f"{name}{Path(file_name).suffix.lower()}"
        file.write_bytes(content)
        data = read(str(file))
        kept = _write(folder, name, _lines(data), settings)
    lengths = [_length(row) for row in data.rows]
    return Received(kept, len(data.rows), data.read, sum(lengths), max(lengths), data.dropped)


def _write(folder: Path, name: str, lines: Iterator[str], settings: Settings) -> str:
    """Write a new file of the folder, and return the name that it got."""
    descriptor, temporary = tempfile.mkstemp(prefix=".", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.writelines(lines)
            opened.flush()
            os.fsync(opened.fileno())
        free = _take_name(folder, unicodedata.normalize("NFC", name), settings)
        Path(temporary).replace(folder / f"{free}.jsonl")
    finally:
        Path(temporary).unlink(missing_ok=True)
    return free


def _take_name(folder: Path, name: str, settings: Settings) -> str:
    """Return the first free name, with an empty file under it that nobody else takes."""
    taken = set(known(settings))
    for number in count(1):
        free = name if number == 1 else f"{name}-{number}"
        if free in taken:
            continue
        with suppress(FileExistsError), (folder / f"{free}.jsonl").open("x"):
            return free
    raise AssertionError("there is always one more number")


def _lines(data: DataSet) -> Iterator[str]:
    """Yield the rows in one shape, in which they can be read again."""
    turns = any(row.thread for row in data.rows)
    for row in data.rows:
        record = _conversation(row) if turns else _plain(row)
        yield json.dumps(record, ensure_ascii=False) + "\n"


def _plain(row: Row) -> dict[str, Any]:
    return {"instruction": row.instruction, "input": row.input, "output": row.output}


def _conversation(row: Row) -> dict[str, Any]:
    turns = [*((turn.role, turn.text) for turn in row.thread), ("user", row.instruction)]
    answered = [*turns, ("assistant", row.output)]
    return {"messages": [{"role": role, "content": text} for role, text in answered]}


def _length(row: Row) -> int:
    texts = (row.instruction, row.input, row.output, *(turn.text for turn in row.thread))
    return sum(map(len, texts))
