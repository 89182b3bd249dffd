"""What a person wants of a message, as it is stored in the job of the answer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from bot.i18n.lookup import LANGUAGES, Language, say
from tasks.broker.job import Job
from trainer.data.wordings import language_of

How = Literal["summarise", "translate", "ask"]
HOWS: tuple[How, ...] = ("summarise", "translate", "ask")

Scope = Literal["message", "thread"]
SCOPES: tuple[Scope, ...] = ("message", "thread")


@dataclass(frozen=True)
class Wanted:
    """How a message is to be answered; `scope` says whether its whole thread is meant.

    `to` is the language of a translation, `question` what is asked about the message.
    """

    how: How
    scope: Scope = "message"
    to: Language = "en"
    question: str = ""

    @classmethod
    def of(cls, job: Job) -> "Wanted":
        """Return what the job was stored for, if its asker was not forgotten meanwhile."""
        stored: Mapping[str, Any] | None = job.asked.get("shortcut")
        return cls(**stored) if stored else cls(job.destination["form"])

    def asked(self, language: Language) -> dict[str, Any]:
        """Return the job's `asked`; its text says in short what is wanted, and differs with it."""
        return {
            "text": self.question or say(f"shortcut.asked.{self.how}.{self._choice}", language),
            "files": [],
            "language": language,
            "shortcut": asdict(self),
        }

    @property
    def _choice(self) -> str:
        return self.to if self.how == "translate" else self.scope

    def choosing(self, value: str) -> "Wanted | None":
        """Return the same with another choice of the form; None where there is no such choice."""
        if self.how == "translate" and value in LANGUAGES:
            return replace(self, to=value)
        if self.how == "summarise" and value in SCOPES:
            return replace(self, scope=value)
        return None

    def choices(self, *, in_thread: bool) -> tuple[tuple[str, ...], str]:
        """Return what can be chosen in the form, none or several values, and what is chosen."""
        if self.how == "translate":
            return LANGUAGES, self.to
        if self.how == "summarise" and in_thread:
            return SCOPES, self.scope
        return (), ""


def language_to(text: str, own: Language) -> Language:
    """Return into which language a person wants a text: their own, unless it has that already."""
    if language_of(text) != own:
        return own
    return "en" if own == "ja" else "ja"
