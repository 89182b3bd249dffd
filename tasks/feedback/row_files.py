"""The files of a home that carry rows of feedback: rows that were removed leave them too.

These are the data sets, what trainings learned from and were examined on, and what became of it
beside the adapters. A row is known by its `id`; a file without one stays as it is, to the byte.
"""

import json
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.feedback.given_up import discard_learned, give_up_on
from trainer.adapters.adapter_files import ABOUT, json_object, read_small
from trainer.errors import AdapterRefused
from trainer.files import make_private, unnoticed, write_json, write_text, writing

_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,64})"')


@dataclass(frozen=True)
class AdapterOfRows:
    """An adapter that some rows have made: those it learned from, and those it was examined on."""

    name: str
    rows: tuple[str, ...]
    exam_rows: tuple[str, ...]


def write_rows(file: Path, lines: Iterable[Mapping[str, str]]) -> None:
    """Write rows as JSON lines to a training's `file`, in a folder that is made where it is not.

    Raises:
        NotWritable: the disk is full or refuses.
    """
    with writing(file.parent):
        make_private(file.parent)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_text(file, text, mode=0o600)


def drop_rows(home: Path, ids: Collection[str], by: str = "") -> list[Path]:
    """Remove the rows with these ids from the files of `home`; returns the files that changed.

    Trainings that have begun to learn from them are given up; `by` is told whoever resumes one.

    Raises:
        NotWritable: a file cannot be replaced; those before it were.
    """
    wanted = {id.encode() for id in ids}
    changed = []
    for file in _files(home):
        with writing(file.parent):
            count = _rewritten(file, ids, wanted)
        if count:
            changed.append(file)
            give_up_on(home, file, count, by)
    discard_learned(home)
    return changed


def _rewritten(file: Path, ids: Collection[str], wanted: Collection[bytes]) -> int:
    """Write a file anew without the rows, and return how many it had; 0 where it is gone.

    Of a file that is no list of lines it is told only whether it had any.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:  # an adapter or a training was removed meanwhile
        return 0
    if not any(id in wanted for id in _ID.findall(content)):
        return 0
    if file.suffix == ".jsonl":
        mode = stat.S_IMODE(file.stat().st_mode)
        lines = content.decode("utf-8", "replace").split("\n")
        kept = [line for line in lines if not _is_line_of(line, ids)]
        # That is no work on a training: the one last worked on is the one to resume.
        with unnoticed(file.parent):
            write_text(file, "\n".join(kept), mode=mode)
        return len(lines) - len(kept)
    try:
        write_json(file, without_rows(json.loads(content), ids))
    except (ValueError, RecursionError):  # no JSON: nobody reads it
        return 0
    return 1


def adapters_of(home: Path, ids: Collection[str]) -> list[AdapterOfRows]:
    """Return the adapters of `home` whose description names some of these rows, by name."""
    found = []
    for folder in sorted((home / "adapters").glob("*")):
        try:
            about = json_object(folder, ABOUT, read_small(folder, ABOUT))
        except AdapterRefused:  # also what is no adapter: it has nothing of ours
            continue
        rows, exam_rows = (_named(about, key, ids) for key in ("rows", "exam_rows"))
        if rows or exam_rows:
            found.append(AdapterOfRows(folder.name, rows, exam_rows))
    return found


def without_rows(value: Any, ids: Collection[str]) -> Any:
    """Return a JSON value whose lists hold no object with one of these ids, at any depth."""
    if isinstance(value, dict):
        return {key: without_rows(part, ids) for key, part in value.items()}
    if isinstance(value, list):
        return [without_rows(part, ids) for part in value if not _is_row(part, ids)]
    return value


def _files(home: Path) -> Iterator[Path]:
    patterns = (
        "datasets/**/*.jsonl",
        *(f"{folder}/*/*.{kind}" for folder in ("trainings", "adapters") for kind in _KINDS),
    )
    for pattern in patterns:
        # What a link leads to is not this home's.
        yield from (file for file in sorted(home.glob(pattern)) if _is_own(file, home))


_KINDS = ("jsonl", "json")


def _is_own(file: Path, home: Path) -> bool:
    return file.is_file() and file.resolve() == home.resolve() / file.relative_to(home)


def _is_line_of(line: str, ids: Collection[str]) -> bool:
    try:
        return _is_row(json.loads(line), ids)
    except (ValueError, RecursionError):
        return False


def _is_row(value: Any, ids: Collection[str]) -> bool:
    id = value.get("id") if isinstance(value, dict) else None
    return isinstance(id, str) and id in ids


def _named(about: Any, key: str, ids: Collection[str]) -> tuple[str, ...]:
    names = about.get(key)
    return tuple(id for id in names if id in ids) if isinstance(names, list) else ()
