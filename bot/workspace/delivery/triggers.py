"""`trigger_id`: what an interaction gives the bot, and what opens one form for its person.

As in Slack, it works once and within three seconds. Kept in memory only.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from bot.workspace.errors import Refused
from bot.workspace.state.people import TEAM_ID

# https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
LIFETIME_SECONDS = 3.0
KEPT_SECONDS = 60.0
"""How long a trigger that has expired is told apart from one that never was."""


@dataclass
class _Trigger:
    user: str
    issued: float  # on the monotonic clock, in seconds
    exchanged: bool = False


class Triggers:
    """The triggers that were issued, each with the person whose interaction it was."""

    def __init__(self) -> None:
        self.lifetime_seconds = LIFETIME_SECONDS
        self._triggers: dict[str, _Trigger] = {}

    def issue(self, user: str) -> str:
        """Register a new trigger of a person and return its id."""
        now = time.monotonic()
        self._triggers = {
            key: trigger
            for key, trigger in self._triggers.items()
            if now - trigger.issued < max(KEPT_SECONDS, self.lifetime_seconds)
        }
        key = f"{time.time_ns()}.{TEAM_ID}.{uuid.uuid4().hex}"
        self._triggers[key] = _Trigger(user, now)
        return key

    def exchange(self, trigger_id: str) -> str:
        """Return whose trigger this is, and let it work no more.

        Raises Refused `invalid_trigger_id`, `expired_trigger_id` or `exchanged_trigger_id`.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.exchanged:
            raise Refused("exchanged_trigger_id")
        if time.monotonic() - trigger.issued > self.lifetime_seconds:
            raise Refused("expired_trigger_id")
        trigger.exchanged = True
        return trigger.user
