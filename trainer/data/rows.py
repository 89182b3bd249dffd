"""A row of training data, made from a record of one of three shapes.

The shape is recognised by a record's keys, and is the same for all rows of a data set. This module
does not know files or tokenizers.
"""

from dataclasses import dataclass, field
from typing import Any

from trainer.errors import DataUnusable
from trainer.prompts.templates import Turn

EXPECTED = "instruction/input/output, instruction/context/response, or messages"

_SHAPES = {
    "alpaca": ("instruction", "output"),
    "dolly": ("instruction", "response"),
    "messages": ("messages",),
}
_INPUT_KEYS = {"alpaca": "input", "dolly": "context"}
"""The key of the input in the shapes that have one."""


@dataclass(frozen=True)
class Row:
    """A question with its answer; `thread` holds the turns before the question.

    Rows are equal where question and answer are, whatever is known about where they came from.
    """

    instruction: str
    input: str
    output: str
    thread: tuple[Turn, ...] = ()
    id: str = field(default="", compare=False)
    """Names a row that a person taught; empty for a row of any other data."""
    rejected: str = field(default="", compare=False)
    """The answer that a person found wrong, where there was one."""
    standing: str = field(default="", compare=False)
    """The instruction that holds for every question where a taught row was asked."""


def check_shape(shape: str | None, record: dict[str, Any], place: str) -> str:
    """Return the shape of `record`, which must be `shape` where the rows before it had one.

    Raises:
        DataUnusable: the keys fit no shape, or another one; the message names `place`.
    """
    fitting = [name for name, keys in _SHAPES.items() if all(key in record for key in keys)]
    if not fitting:
        keys = ", ".join(map(str, record)) or "none"
        raise DataUnusable(f"{place} has the keys {keys}; expected {EXPECTED}.")
    if shape is None:
        return fitting[0]
    if shape not in fitting:
        raise DataUnusable(
            f"{place} has the shape {'/'.join(_SHAPES[fitting[0]])}, "
            f"but the rows before it have {'/'.join(_SHAPES[shape])}; keep one shape per data set."
        )
    return shape


def to_row(shape: str, record: dict[str, Any], place: str) -> Row:
    """Return the row in a `record` of `shape`.

    Raises:
        DataUnusable: a value is not text, or a message has no known role.
    """
    if shape == "messages":
        return _conversation(record["messages"], place)
    output = _SHAPES[shape][1]
    instruction, input, answer = (
        _string(record.get(key), key, place) for key in ("instruction", _INPUT_KEYS[shape], output)
    )
    if not (shape == "alpaca" and _is_taught(record)):
        return Row(instruction, input, answer)
    rejected, standing = (_string(record.get(key), key, place) for key in ("rejected", "standing"))
    return Row(instruction, input, answer, id=record["id"], rejected=rejected, standing=standing)


def _is_taught(record: dict[str, Any]) -> bool:
    """Tell whether a person taught the row: many data sets have an `id`, but not its `kind`."""
    return all(isinstance(record.get(key), str) and record[key] for key in ("id", "kind"))


def _string(value: Any, key: str, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (str, int, float)):
        # A JSON escape may stand for half of a surrogate pair, which no tokenizer can encode.
        return str(value).encode("utf-8", "replace").decode("utf-8")
    raise DataUnusable(f"{place}: {key!r} must be text, not {type(value).__name__}.")


def _conversation(messages: Any, place: str) -> Row:
    """Return the row that teaches the last answer of a conversation.

    A system message is put in front of the first turn. Without a question before its last answer
    the row has no instruction, so that it is dropped.
    """
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
