"""The words of `/swallow-channel`: parses its text into a command, and a form's fields into values.

`instructions=` takes the rest of the text, whatever it says.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.command_words import Help, Wrong, adapter_name_or_wrong, folded, split
from bot.slack.incoming_text import unescape, without_markup
from tasks.asking.channels import MOST_INSTRUCTIONS, MOST_PEOPLE
from tasks.settings import MOST_NEW_TOKENS

LEAST_TOKENS = 16

_INSTRUCTIONS = re.compile(r"(?:^|\s)(?:instructions?|指示)[ \t\u3000]*[=＝﹦]", re.I)
_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>|([UW][A-Z0-9]{1,30})")
_WHOLE = re.compile(r"[1-9][0-9]{0,5}")
_AS_ELSEWHERE = ("", "auto", "off", "default", "なし")


@dataclass(frozen=True)
class Show:
    """Say what is set; with `form` an admin gets the form to change it."""

    form: bool = False


@dataclass(frozen=True)
class Set:
    """Change what is given; `values` are fields of `ChannelSettings`.

    `adapter` is the name of one, empty for that of everywhere else, None where it stays.
    """

    values: Mapping[str, Any]
    adapter: str | None = None


ChannelCommand = Show | Set | Help


def parse(text: str) -> ChannelCommand | Wrong:
    """Return the command in Slack's text, or what is wrong with it."""
    found = _INSTRUCTIONS.search(text)
    words = split(text[: found.start()] if found else text)
    values: dict[str, Any] = {}
    if found:
        instructions = read_instructions(without_markup(text[found.end() :]))
        if isinstance(instructions, Wrong):
            return instructions
        values["instructions"] = instructions
    elif not words:
        return Show(form=True)
    elif words[0].lower() in ("show", "help"):
        if len(words) > 1:
            return Wrong("channel", "extra", {"verb": words[0], "word": words[1]})
        return Help() if words[0].lower() == "help" else Show()
    return _settings(words, values)


def _settings(words: list[str], values: dict[str, Any]) -> Set | Wrong:
    adapter: str | None = None
    seen = set(values)
    for word in words:
        name, equals, typed = word.partition("=")
        key = folded(name)
        if not equals or key not in ("adapter", "ask", "language", "max"):
            return Wrong("channel", "setting", {"word": unescape(word)})
        if key in seen:
            return Wrong("channel", "twice", {"option": key})
        seen.add(key)
        read = read_adapter(typed) if key == "adapter" else _READ[key](typed)
        if isinstance(read, Wrong):
            return read
        if isinstance(read, str):
            adapter = read
        else:
            values |= read
    return Set(values, adapter)


def read_instructions(text: str) -> str | Wrong:
    """Return a standing instruction, or that it is too long; `off` takes it back."""
    cleaned = text.strip()
    if cleaned.lower() in _AS_ELSEWHERE:
        return ""
    if len(cleaned) > MOST_INSTRUCTIONS:
        return Wrong("channel", "long", {"most": f"{MOST_INSTRUCTIONS:,}"})
    return cleaned


def read_adapter(word: str) -> str | Wrong:
    """Return the name of an adapter, empty for that of everywhere else, or what is wrong."""
    if word.lower() in _AS_ELSEWHERE:
        return ""
    return adapter_name_or_wrong("channel", "adapter", word)


def read_language(word: str) -> dict[str, Any] | Wrong:
    """Return the language of a channel."""
    known = {"ja": "ja", "日本語": "ja", "en": "en", "english": "en"}
    known |= dict.fromkeys(_AS_ELSEWHERE, "")
    if word.lower() in known:
        return {"language": known[word.lower()]}
    return _wrong("language", word, "language")


def read_tokens(word: str) -> dict[str, Any] | Wrong:
    """Return the longest answer, in tokens."""
    typed = unicodedata.normalize("NFKC", word.strip()).replace(",", "")
    if typed.lower() in _AS_ELSEWHERE:
        return {"max_new_tokens": 0}
    if _WHOLE.fullmatch(typed) and LEAST_TOKENS <= int(typed) <= MOST_NEW_TOKENS:
        return {"max_new_tokens": int(typed)}
    return Wrong(
        "channel",
        "value",
        {"option": "max", "value": word},
        "whole",
        {"least": LEAST_TOKENS, "most": MOST_NEW_TOKENS},
    )


def read_askers(word: str) -> dict[str, Any] | Wrong:
    """Return who may ask: everyone, admins, or people by their mentions or ids."""
    if word.lower() in ("everyone", *_AS_ELSEWHERE):
        return {"askers": "everyone", "people": ()}
    if word.lower() == "admins":
        return {"askers": "admins", "people": ()}
    found = [_PERSON.fullmatch(part) for part in filter(None, word.split(","))]
    people = tuple(dict.fromkeys(one[1] or one[2] for one in found if one))
    if not people or None in found or len(people) > MOST_PEOPLE:
        return _wrong("ask", word, "askers")
    return {"askers": "people", "people": people}


def _wrong(option: str, word: str, expected: str) -> Wrong:
    return Wrong("channel", "value", {"option": option, "value": unescape(word)}, expected)


_READ = {"language": read_language, "max": read_tokens, "ask": read_askers}
