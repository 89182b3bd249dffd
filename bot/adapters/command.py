"""The words of `/swallow-adapter`: parses its text into a command."""

from dataclasses import dataclass
from typing import Literal, cast

from bot.slack.command_words import Help, Wrong, adapter_name_or_wrong, folded

Verb = Literal["use", "show", "remove"]

_NAMED = ("use", "show", "remove", "compare")


@dataclass(frozen=True)
class Off:
    """Answer with the base model."""


@dataclass(frozen=True)
class List:
    """List the adapters."""


@dataclass(frozen=True)
class Named:
    """Use, show or remove the adapter `name`."""

    verb: Verb
    name: str


@dataclass(frozen=True)
class Compare:
    """Let the base model and an adapter answer the same question."""

    name: str
    question: str


AdapterCommand = Off | List | Named | Compare | Help


def parse(text: str) -> AdapterCommand | Wrong:
    """Return the command in `text`, or what is wrong with it; an empty text asks for help."""
    words = text.split(None, 2)
    if not words:
        return Help()
    verb = folded(words[0])
    if verb in _NAMED:
        return _named(verb, words[1:])
    if verb not in ("help", "off", "list"):
        return Wrong("adapter", "verb", {"word": words[0]})
    if len(words) > 1:
        return Wrong("adapter", "extra", {"verb": verb, "word": words[1]})
    without_name: dict[str, AdapterCommand] = {"help": Help(), "off": Off(), "list": List()}
    return without_name[verb]


def _named(verb: str, rest: list[str]) -> AdapterCommand | Wrong:
    if not rest:
        return Wrong("adapter", "no_name", {"verb": verb})
    name = adapter_name_or_wrong("adapter", verb, rest[0])
    if isinstance(name, Wrong):
        return name
    if verb == "compare":
        if len(rest) == 1:
            return Wrong("adapter", "no_question", {"name": name})
        return Compare(name, rest[1].strip())
    if len(rest) > 1:
        return Wrong("adapter", "extra", {"verb": verb, "word": rest[1]})
    return Named(cast(Verb, verb), name)
