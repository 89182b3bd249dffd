"""The records of a JSON, JSONL or CSV file, each with its place in the file for error messages.

A file that cannot be read is an error that names the file and the line. This module does not know
which keys a record should have.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from trainer.data.rows import EXPECTED
from trainer.errors import DataUnusable


def records(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place of each record of `file`, such as `rows.jsonl, line 3`, and the record.

    A CSV file is recognised by its suffix, JSON and JSONL by the first character.

    Raises:
        DataUnusable: the file is unreadable, empty or not UTF-8, or a record is not an object.
    """
    text = _text(file)
    if not text.strip():
        raise DataUnusable(f"The file {file.name!r} is empty; expected rows of {EXPECTED}.")
    if file.suffix.lower() == ".csv":
        placed = _csv(file, text)
    elif text.lstrip()[:1] == "[":
        placed = _array(file, text)
    else:
        placed = _lines(file, text)
    for place, record in placed:
        if not isinstance(record, dict):
            raise DataUnusable(f"{place} is not an object with keys; expected {EXPECTED}.")
        yield place, record


def _text(file: Path) -> str:
    """Return the content of `file`, decoded from UTF-8 with or without a byte order mark."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataUnusable(f"The file {str(file)!r} cannot be read: {error.strerror}.") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataUnusable(
            f"The file {file.name!r} is not UTF-8 (line {line}); convert it, for instance with "
            f"`iconv -f CP932 -t UTF-8 {file.name}`."
        ) from error


def _array(file: Path, text: str) -> Iterable[tuple[str, Any]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(file, getattr(error, "lineno", 1), error) from error
    return ((f"{file.name}, row {index}", record) for index, record in enumerate(content, 1))


def _lines(file: Path, text: str) -> Iterable[tuple[str, Any]]:
    # Not splitlines(): it also splits at U+2028 and others, which JSON strings may contain.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _broken(file, number, error) from error
            yield f"{file.name}, line {number}", record


def _broken(file: Path, line: int, error: Exception) -> DataUnusable:
    if isinstance(error, json.JSONDecodeError):
        reason = error.msg
    elif isinstance(error, RecursionError):
        reason = "nested too deeply"
    else:  # the one other error that Python's decoder raises, see sys.set_int_max_str_digits
        reason = "a number has thousands of digits"
    return DataUnusable(f"{file.name}, line {line} is not valid JSON: {reason}.")


def _csv(file: Path, text: str) -> Iterable[tuple[str, Any]]:
    csv.field_size_limit(len(text) + 1)  # the limit is 128 KB otherwise
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for record in reader:
            place = f"{file.name}, line {reader.line_num}"
            if None in record or None in record.values():
                raise DataUnusable(f"{place} has more or fewer fields than the header.")
            yield place, record
    except csv.Error as error:
        line = reader.line_num
        raise DataUnusable(f"{file.name}, line {line} is not valid CSV: {error}.") from error
