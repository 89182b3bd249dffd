"""Errors of the bot.

BotError
├── TokensMissing    no tokens, or only one of the two
├── CannotAnswer     a question that gets a sentence instead of an answer, with its reason
└── CannotAct        a command or a button that changes nothing, with the sentence that says why
"""

from typing import Any


class BotError(Exception):
    """What went wrong, in one sentence a person can act on."""


class TokensMissing(BotError):
    """The bot has no tokens to connect with."""


class CannotAnswer(BotError):
    """The person is told why: `reason` is a key of the catalogue's `failed`, `values` fill it."""

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


class CannotAct(BotError):
    """The person is told why: `key` is one of the catalogue's, `values` fill it, escaped."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values
