"""Finds the Japanese of a sentence that the trainer or a worker said in English.

Those parts know one language, and their sentences reach the bot as text: through the events of a
process and the records of jobs. So the English sentence is the key: its fixed words are looked for,
and what stands between them are the values. A test finds every such sentence in their source, and
that each of them is known here. Values are not escaped: the caller escapes the whole.
"""

from collections.abc import Iterable
from functools import cache
from string import Formatter

from bot.i18n.details.adapters import ADAPTERS
from bot.i18n.details.data import DATA
from bot.i18n.details.phrases import PHRASES
from bot.i18n.details.trainings import TRAININGS
from bot.i18n.lookup import Language, say

Known = tuple[str, str]
"""A sentence in Japanese and in English, both with the same fields."""

SENTENCES: tuple[Known, ...] = (*ADAPTERS, *DATA, *TRAININGS)

MOST_CHARACTERS = 4000
"""A longer text is none of these sentences."""


def detail_in(language: Language, text: str) -> str:
    """Return an English sentence as a person reads it; one that is not known is marked as English."""
    if language == "en":
        return text
    return in_japanese(text) or say("act.in_english", language, detail=text)


def in_japanese(text: str) -> str | None:
    """Return an English sentence in Japanese; None where it is none of those that are known."""
    if len(text) > MOST_CHARACTERS:
        return None
    found = _translated(text, SENTENCES)
    if found is None:
        return None
    japanese, values = found
    return japanese.format_map({name: _value(value) for name, value in values.items()})


def _value(value: str) -> str:
    """Return a value in Japanese where it is made of known phrases, else as it is."""
    parts = [_phrase(part) for part in value.split(", ")]
    known = [part for part in parts if part is not None]
    return "、".join(known) if len(known) == len(parts) else _phrase(value) or value


def _phrase(text: str) -> str | None:
    found = _translated(text, PHRASES)
    return found[0].format_map(found[1]) if found else None


def _translated(text: str, known: Iterable[Known]) -> tuple[str, dict[str, str]] | None:
    for japanese, english in known:
        values = _values_of(text, english)
        if values is not None:
            return japanese, values
    return None


def _values_of(text: str, sentence: str) -> dict[str, str] | None:
    """Return what stands in `text` where `sentence` has its fields; None where it is another one.

    Each value ends where the next fixed words are found first, so that no text takes long.
    """
    parts = _parts(sentence)
    values: dict[str, str] = {}
    at = 0
    for index, (words, name) in enumerate(parts):
        if not text.startswith(words, at):
            return None
        at += len(words)
        if name is None:
            break
        following = parts[index + 1][0] if index + 1 < len(parts) else ""
        is_last = index + 2 >= len(parts)
        end = len(text) - len(following) if is_last else text.find(following, at)
        if end < at or values.setdefault(name, text[at:end]) != text[at:end]:
            return None
        at = end
    return values if at == len(text) else None


@cache
def _parts(sentence: str) -> list[tuple[str, str | None]]:
    """Return the fixed words of a sentence, each with the field behind it; the last has none."""
    parts: list[tuple[str, str | None]] = [
        (words, name) for words, name, _, _ in Formatter().parse(sentence)
    ]
    return parts if parts[-1][1] is None else [*parts, ("", None)]
