"""Training data: rows of instruction, input and output from files, folders or the Hugging Face hub.

The shape of the rows is found by their keys. What cannot be learned from is dropped and counted,
what cannot be read is an error that names the file and the line. This module does not know
tokenizers or prompts.
"""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.errors import DataUnusable
from trainer.prompts import Turn

SAMPLE = "sample"
SUFFIXES = (".json", ".jsonl", ".csv")
EXPECTED = "instruction/input/output, instruction/context/response, or messages"

_SHAPES = {
    "alpaca": ("instruction", "output"),
    "dolly": ("instruction", "response"),
    "messages": ("messages",),
}
_INPUTS = {"alpaca": "input", "dolly": "context"}


@dataclass(frozen=True)
class Row:
    """A question with its answer; `thread` is what was said before the question."""

    instruction: str
    input: str
    output: str
    thread: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Data:
    """The usable rows of a source, in its order; `dropped` counts the others by reason."""

    name: str
    rows: list[Row]
    read: int
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def digest(self) -> str:
        """Return a digest of the rows' content: what a resumed training compares."""
        digest = hashlib.sha256()
        for row in self.rows:
            thread = [[turn.role, turn.text] for turn in row.thread]
            digest.update(json.dumps([row.instruction, row.input, row.output, thread]).encode())
        return digest.hexdigest()


def read(source: str) -> Data:
    """Read `source`: `sample`, a file, a folder of files, or the id of a dataset on the hub.

    Rows without an instruction or an answer and exact repetitions are dropped: a repeated row
    could stand on both sides of the held-out split.

    Raises:
        DataUnusable: it is missing, unreadable, of mixed or unknown shape, or nothing is left.
    """
    files = _files(source)
    rows: list[Row] = []
    seen: set[Row] = set()
    dropped: Counter[str] = Counter()
    read = 0
    shape: str | None = None
    for file in files:
        for place, record in _records(file):
            read += 1
            shape = _same_shape(shape, record, place)
            row = _row(shape, record, place)
            reason = _unusable(row, seen)
            if reason:
                dropped[reason] += 1
            else:
                seen.add(row)
                rows.append(row)
    if not read:
        raise DataUnusable(f"{source!r} holds no rows; expected {EXPECTED}.")
    if not rows:
        why = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
        raise DataUnusable(f"None of the {read} rows of {source!r} can be learned from: {why}.")
    return Data(_name(source), rows, read, dropped)


def _name(source: str) -> str:
    return source.rstrip("/").rpartition("/")[2] if Path(source).exists() else source


def _unusable(row: Row, seen: set[Row]) -> str | None:
    if not row.instruction.strip() and not row.input.strip():
        return "without an instruction"
    if not row.output.strip():
        return "without an answer"
    return "repeated" if row in seen else None


def _files(source: str) -> list[Path]:
    if source == SAMPLE:
        return sorted((Path(__file__).parent / "samples").glob("*.jsonl"))
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            return _in_folder(path)
        if path.exists():
            return [path]
    except OSError as error:
        raise DataUnusable(f"--data-path {source!r} cannot be read: {error.strerror}.") from error
    if source.count("/") == 1 and not source.startswith(("/", ".", "~")):
        return _in_folder(_fetched(source))
    raise DataUnusable(
        f"There is no data at {source!r}; name a JSON, JSONL or CSV file, a folder of them, "
        "a dataset id like kunishou/databricks-dolly-15k-ja, or `sample`."
    )


def _in_folder(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise DataUnusable(f"The folder {str(folder)!r} holds no JSON, JSONL or CSV file.")
    return files


def _fetched(name: str) -> Path:
    """Fetch the JSON, JSONL and CSV files of a dataset on the hub, or find them in the cache."""
    from huggingface_hub import snapshot_download

    patterns = [f"*{suffix}" for suffix in SUFFIXES]
    try:
        folder = snapshot_download(name, repo_type="dataset", allow_patterns=patterns)
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataUnusable(
            f"There is no file {name!r}, and a dataset of that name could not be fetched ({reason})"
            "; check the path, the name and the network."
        ) from error
    return Path(folder)


def _records(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each record of `file` with a text that says where it stands."""
    text = _text(file)
    if not text.strip():
        raise DataUnusable(f"The file {file.name!r} is empty; expected rows of {EXPECTED}.")
    if file.suffix.lower() == ".csv":
        records = _csv(file, text)
    elif text.lstrip()[:1] == "[":
        records = _array(file, text)
    else:
        records = _lines(file, text)
    for place, record in records:
        if not isinstance(record, dict):
            raise DataUnusable(f"{place} is not an object with keys; expected {EXPECTED}.")
        yield place, record


def _text(file: Path) -> str:
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
        records = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _broken(file, getattr(error, "lineno", 1), error) from error
    return ((f"{file.name}, row {index}", record) for index, record in enumerate(records, 1))


def _lines(file: Path, text: str) -> Iterable[tuple[str, Any]]:
    # Not splitlines(): JSON strings may hold U+2028 and its like, which are no line ends here.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise _broken(file, number, error) from error
            yield f"{file.name}, line {number}", record


def _broken(file: Path, line: int, error: Exception) -> DataUnusable:
    reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
    return DataUnusable(f"{file.name}, line {line} is not valid JSON: {reason}.")


def _csv(file: Path, text: str) -> Iterable[tuple[str, Any]]:
    csv.field_size_limit(len(text) + 1)
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


def _same_shape(shape: str | None, record: dict[str, Any], place: str) -> str:
    found = [name for name, keys in _SHAPES.items() if all(key in record for key in keys)]
    if not found:
        keys = ", ".join(map(str, record)) or "none"
        raise DataUnusable(f"{place} has the keys {keys}; expected {EXPECTED}.")
    if shape is None:
        return found[0]
    if shape not in found:
        raise DataUnusable(
            f"{place} has the shape {'/'.join(_SHAPES[found[0]])}, "
            f"but the rows before it have {'/'.join(_SHAPES[shape])}; keep one shape per data set."
        )
    return shape


def _row(shape: str, record: dict[str, Any], place: str) -> Row:
    if shape == "messages":
        return _conversation(record["messages"], place)
    output = _SHAPES[shape][1]
    instruction, input, answer = (
        _string(record.get(key), key, place) for key in ("instruction", _INPUTS[shape], output)
    )
    return Row(instruction, input, answer)


def _string(value: Any, key: str, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (str, int, float)):
        # A lone surrogate is valid in JSON's escapes and in no tokenizer.
        return str(value).encode("utf-8", "replace").decode("utf-8")
    raise DataUnusable(f"{place}: {key!r} must be text, not {type(value).__name__}.")


def _conversation(messages: Any, place: str) -> Row:
    """Learn the last answer of a conversation; a system message goes before the first turn."""
    turns: list[Turn] = []
    system = ""
    for message in messages if isinstance(messages, list) else [messages]:
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("system", "user", "assistant"):
            raise DataUnusable(f"{place}: a message needs a role (system, user, assistant).")
        text = _string(message.get("content"), "content", place)
        if role == "system":
            system = f"{system}{text}\n\n"
        else:
            turns.append(Turn(role, text))
    while turns and turns[-1].role == "user":
        turns.pop()
    if len(turns) < 2 or turns[-2].role != "user":
        return Row("", "", turns[-1].text if turns else "")
    if system:
        turns[0] = Turn(turns[0].role, system + turns[0].text)
    return Row(turns[-2].text, "", turns[-1].text, tuple(turns[:-2]))
