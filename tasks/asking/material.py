"""The messages that a question is about, as the input of its prompt: all, the newest, or in parts.

In a request each is `{user, speaker, text}`: whose words they are, how their writer is called in
the prompt, and plain text. How many fit a prompt is told by the caller, who has the tokenizer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Said = Mapping[str, str]
Fits = Callable[[Sequence[Said]], bool]
"""Tells whether messages fit a prompt together; of fewer it is true where it is of more."""


def input_of(request: Mapping[str, Any], material: Sequence[Said] | None = None) -> str:
    """Return the input of a request: the messages it is about, or those of `material`, and then
    what its asker gave."""
    said = request.get("material", ()) if material is None else material
    return "\n\n".join(filter(None, [as_text(said), request.get("input", "")]))


def as_text(material: Sequence[Said]) -> str:
    """Return messages as one text: a single one as it is, of several each with its speaker."""
    if len(material) == 1:
        return material[0]["text"]
    return "\n".join(f"{said['speaker']}: {said['text']}" for said in material)


def newest(material: Sequence[Said], fits: Fits) -> Sequence[Said]:
    """Return as many of the newest messages as fit together, at least one."""
    count = _most(len(material), lambda number: fits(material[len(material) - number :]))
    return material[len(material) - max(1, count) :]


def in_parts(material: Sequence[Said], fits: Fits) -> list[list[Said]]:
    """Return all messages in parts that fit; a message that does not fit alone is divided."""
    rest, parts = list(material), []
    while rest:
        count = _most(len(rest), lambda number: fits(rest[:number]))  # noqa: B023 - used at once
        if not count:
            rest[:1] = _divided(rest[0], fits)
            count = 1
        parts.append(rest[:count])
        rest = rest[count:]
    return parts


def _divided(said: Said, fits: Fits) -> list[Said]:
    """Divide a message at the last line end in the second half of what fits, or there."""
    text = said["text"]
    most = max(1, _most(len(text), lambda length: fits([{**said, "text": text[:length]}])))
    line_end = text.rfind("\n", most // 2, most)
    end = line_end + 1 if line_end >= 0 else most
    both = ({**said, "text": text[:end]}, {**said, "text": text[end:]})
    return [part for part in both if part["text"]]


def _most(highest: int, fits: Callable[[int], bool]) -> int:
    """Return the highest number from 1 to `highest` that fits, by bisection; 0 where none does."""
    if fits(highest):
        return highest
    low, high = 0, highest - 1
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
