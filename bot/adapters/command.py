"""The words of `/swallow-adapter`: parses its text into a command."""

from dataclasses import dataclass
from typing import Literal, cast

from bot.slack.command_words import Help, Wrong, adapter_name_or_wrong, folded

Verb = Literal["show", "remove"]

_NAMED = ("use", "show", "remove", "compare")
_HERE = ("here", "ここ")


@dataclass(frozen=True)
class Use:
    """Answer with the adapter `name`: everywhere, or only `here`."""

    name: str
    here: bool = False


@dataclass(frozen=True)
class Off:
    """Answer with the base model; or, with `here`, as elsewhere."""

    here: bool = False


@dataclass(frozen=True)
class List:
    """List the adapters."""


@dataclass(frozen=True)
class Named:
    """Show or remove the adapter `name`."""

    verb: Verb
    name: str


@dataclass(frozen=True)
class Compare:
    """Let the base model and an adapter answer the same question; without one, let people judge the
    answers of the exam blind."""

    name: str
    question: str = ""


AdapterCommand = Use | Off | List | Named | Compare | Help


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
    if verb == "off" and _says_here(words[1:]):
        return Off(here=True)
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
        return Compare(name, *(question.strip() for question in rest[1:]))
    here = verb == "use" and _says_here(rest[1:])
    if len(rest) > 1 and not here:
        return Wrong("adapter", "extra", {"verb": verb, "word": rest[1]})
    return Use(name, here) if verb == "use" else Named(cast(Verb, verb), name)


def _says_here(rest: list[str]) -> bool:
    words = " ".join(rest).split()
    return len(words) == 1 and folded(words[0]) in _HERE
