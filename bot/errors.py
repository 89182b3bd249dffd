"""Errors of the bot.

BotError
├── TokensMissing      a token is missing, or is not of its kind
├── CannotListen       nothing can listen at an address that is set
├── CannotAnswer       a question that cannot be answered, with the reason
├── CannotAct          a command or a button that changes nothing, with the reason
├── NeedsSecondPress   a command or a button that is carried out if a second one says so
└── FollowedElsewhere  another relay has taken a job over and posts for it
"""

from collections.abc import Sequence
from typing import Any


class BotError(Exception):
    """The base of the bot's errors; its text is a sentence a person can act on."""


class TokensMissing(BotError):
    """A token is missing, or is not of its kind."""


class CannotListen(BotError):
    """Nothing can listen at an address that is set: it is taken, or another machine's."""


class CannotAnswer(BotError):
    """A question that cannot be answered.

    The person gets the sentence `failed.<reason>` of the catalogue, filled with `values`.
    """

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


class CannotAct(BotError):
    """A command or a button that changes nothing.

    The person gets the sentence `key` of the catalogue, filled with `values`, which are escaped.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class NeedsSecondPress(BotError):
    """A command or a button that changes nothing until a second button is pressed.

    The person gets `text`, and below it `blocks` with that button. `reason` is for the audit log.
    """

    def __init__(self, reason: str, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text
        self.blocks = blocks


class FollowedElsewhere(BotError):
    """Another relay has taken a job over and posts for it."""
