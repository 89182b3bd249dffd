"""Which channels there are, and who may see them. The set is fixed.

Knows nothing of messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.workspace.errors import Refused
from bot.workspace.state.people import BOT_USER, HUMANS

CHANNEL_CREATED = 1_700_000_000
"""When every channel claims to have been created, in seconds since 1970."""


@dataclass(frozen=True)
class Channel:
    """A public channel, or one person's direct messages with the bot (`person` is set)."""

    id: str
    name: str
    kind: Literal["channel", "im"]
    person: str = ""

    def open_to(self, user: str) -> bool:
        """Whether `user` may read and write here."""
        return self.kind == "channel" or user in (self.person, BOT_USER)

    def is_called(self, reference: str) -> bool:
        """Whether `reference` is the id, the name or, for direct messages, the person."""
        return reference in (self.id, self.name or self.person)


_PUBLIC = (Channel("CGENERAL", "general", "channel"), Channel("CRANDOM", "random", "channel"))
_DIRECT = {
    person.id: Channel("D" + person.id.removeprefix("U"), "", "im", person.id) for person in HUMANS
}
CHANNELS = (*_PUBLIC, *_DIRECT.values())


def channel_named(reference: str, *, seen_by: str = BOT_USER) -> Channel:
    """Find a channel by id, name (with or without `#`) or, for direct messages, person.

    Raises Refused `channel_not_found`, also if `seen_by` may not see it.
    """
    for channel in CHANNELS:
        if channel.is_called(reference.removeprefix("#")) and channel.open_to(seen_by):
            return channel
    raise Refused("channel_not_found")


def direct_messages_of(user: str) -> Channel:
    """The direct messages of `user` with the bot. Raises Refused `user_not_found`."""
    if user not in _DIRECT:
        raise Refused("user_not_found")
    return _DIRECT[user]
