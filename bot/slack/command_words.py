"""The words of a slash command; what any of them can be: a request for help, or wrong.

Input methods write `＝` and wide spaces where people mean `=` and spaces: both are understood.
Digits are not changed: a number is ASCII or it is refused.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.i18n.lookup import Language, say
from bot.slack.incoming_text import unescape
from bot.slack.outgoing_text import shortened
from trainer.adapters.names import is_adapter_name

SHOWN_CHARACTERS = 60
"""The most characters of a wrong word that the reply quotes."""

_EQUALS = re.compile(r"[=＝﹦]")


@dataclass(frozen=True)
class Help:
    """Say how the command is used."""


@dataclass(frozen=True)
class Wrong:
    """A command that cannot be carried out.

    `reason` and `expected` are keys of the catalogue under `wrong` and `expected`; `words` are the
    typed words that the reply quotes, `limits` the ends of a range.
    """

    command: str
    reason: str
    words: Mapping[str, str] = field(default_factory=dict)
    expected: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """Return what is wrong, and where the usage is found."""
        see = say("usage.see", language, command=f"/swallow-{self.command}")
        return f"{self.what_is_wrong(language)}\n{see}"

    def what_is_wrong(self, language: Language) -> str:
        """Return what is wrong; quoted words are escaped and shortened."""
        words = {name: quoted(word) for name, word in self.words.items()}
        if self.expected:
            words["expected"] = say(f"expected.{self.expected}", language, **self.limits)
        return say(f"wrong.{self.reason}", language, **words)

    def at_field(self, language: Language) -> str:
        """Return what is wrong for a form, in plain text, below the field that shows its value."""
        if not self.expected:
            return unescape(self.what_is_wrong(language))
        expected = say(f"expected.{self.expected}", language, **self.limits)
        return say("wrong.field", language, expected=expected).replace("`", "")


def usage(command: str, language: Language) -> str:
    """Return how a command is used; `command` is `train`, `adapter` or `channel`."""
    return say(f"usage.{command}", language)


def split(text: str) -> list[str]:
    """Split at spaces; an option, its `=` and its value are one word."""
    # Spaces are no part of the pattern: a search for `=` behind thousands of them takes seconds.
    return "=".join(part.strip() for part in _EQUALS.split(text)).split()


def folded(word: str) -> str:
    """Return the name of a subcommand or an option in the form in which it is looked up."""
    return unicodedata.normalize("NFKC", word).lower()


def quoted(word: str) -> str:
    """Return a typed word for a reply: escaped, shortened, on one line."""
    printable = "".join(c if c.isprintable() else "\ufffd" for c in word.replace("`", "'"))
    return shortened(printable, SHOWN_CHARACTERS)


def adapter_name_or_wrong(command: str, option: str, word: str) -> str | Wrong:
    """Return `word` if it may name an adapter, else what is wrong with it."""
    if is_adapter_name(word):
        return word
    return Wrong(command, "value", {"option": option, "value": word}, "name")
