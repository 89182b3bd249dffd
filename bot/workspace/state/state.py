"""What has been said where: channels, messages, threads, and what only one person sees.

Knows neither HTTP nor sockets nor who may do what: those ask here. Messages are Slack's message
objects as plain dictionaries; a thread's summary (`reply_count`…) is computed when one is shown.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from bot.workspace.errors import Refused
from bot.workspace.state.people import HUMANS, PEOPLE
from bot.workspace.state.store import Store

Message = dict[str, Any]

CHANNEL_CREATED = 1_700_000_000


@dataclass(frozen=True)
class Channel:
    """A public channel, or one person's direct messages with the bot (`person` is set)."""

    id: str
    name: str
    kind: Literal["channel", "im"]
    person: str = ""

    def open_to(self, user: str) -> bool:
        """Whether `user` takes part here."""
        return self.kind == "channel" or user in (self.person, "UBOT")


class State:
    """The workspace's memory, written through to the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.channels: dict[str, Channel] = {
            "CGENERAL": Channel("CGENERAL", "general", "channel"),
            "CRANDOM": Channel("CRANDOM", "random", "channel"),
        }
        for person in HUMANS:
            direct = "D" + person.id.removeprefix("U")
            self.channels[direct] = Channel(direct, "", "im", person.id)
        self._messages: dict[str, dict[str, Message]] = {key: {} for key in self.channels}
        self._replies: dict[tuple[str, str], list[str]] = {}
        self._ephemeral: dict[tuple[str, str], list[Message]] = {}
        self._last_tick = 0
        for channel, message in store.messages():
            self._remember(channel, message)

    @property
    def is_new(self) -> bool:
        """Whether nothing has ever been said."""
        return not any(self._messages.values())

    def channel(self, reference: str, *, seen_by: str = "UBOT") -> Channel:
        """Find a channel by id, name or, for direct messages, person.

        Raises Refused `channel_not_found`, also if `seen_by` takes no part in it.
        """
        name = reference.removeprefix("#")
        for channel in self.channels.values():
            known_as = (channel.id, channel.name) if channel.name else (channel.id, channel.person)
            if name and name in known_as and channel.open_to(seen_by):
                return channel
        raise Refused("channel_not_found")

    def direct(self, user: str) -> Channel:
        """The direct messages of `user` with the bot. Raises Refused `user_not_found`."""
        if user not in PEOPLE or PEOPLE[user].is_bot:
            raise Refused("user_not_found")
        return self.channels["D" + user.removeprefix("U")]

    def next_ts(self) -> str:
        """A timestamp that no message has yet and that sorts after all others."""
        self._last_tick = max(self._last_tick + 1, time.time_ns() // 1000)
        return f"{self._last_tick // 1_000_000}.{self._last_tick % 1_000_000:06d}"

    def add(self, channel: Channel, message: Message) -> None:
        """Keep a new message; it has its `ts` already."""
        self._remember(channel.id, message)
        self._store.put_message(channel.id, message)

    def replace(self, channel: Channel, message: Message) -> None:
        """Keep the new content of a message that is there already."""
        self._messages[channel.id][message["ts"]] = message
        self._store.put_message(channel.id, message)

    def remove(self, channel: Channel, ts: str) -> None:
        """Forget a message and its place in a thread."""
        message = self._messages[channel.id].pop(ts)
        siblings = self._replies.get((channel.id, message.get("thread_ts", "")), [])
        if ts in siblings:
            siblings.remove(ts)
        self._store.drop_message(channel.id, ts)

    def message(self, channel: Channel, ts: str) -> Message:
        """One message. Raises Refused `message_not_found`."""
        try:
            return self._messages[channel.id][ts]
        except KeyError:
            raise Refused("message_not_found") from None

    def root(self, channel: Channel, ts: str) -> Message:
        """The message that starts the thread `ts` is in. Raises Refused `thread_not_found`."""
        message = self._messages[channel.id].get(ts)
        if message is not None and message.get("thread_ts", ts) != ts:
            message = self._messages[channel.id].get(message["thread_ts"])
        if message is None:
            raise Refused("thread_not_found")
        return message

    def top_level(self, channel: Channel) -> list[Message]:
        """Messages outside threads, oldest first."""
        return [
            message
            for message in self._messages[channel.id].values()
            if message.get("thread_ts", message["ts"]) == message["ts"]
        ]

    def replies(self, channel: Channel, root_ts: str) -> list[Message]:
        """The replies to a message, oldest first, without the message itself."""
        timestamps = self._replies.get((channel.id, root_ts), [])
        return [self._messages[channel.id][ts] for ts in timestamps]

    def shown(self, channel: Channel, message: Message, *, metadata: bool = False) -> Message:
        """The message as the API gives it: with its thread's summary, without its metadata."""
        shown = dict(message)
        if not metadata:
            shown.pop("metadata", None)
        replies = self.replies(channel, message["ts"])
        if replies:
            users = list(dict.fromkeys(reply["user"] for reply in replies))
            shown |= {
                "thread_ts": message["ts"],
                "reply_count": len(replies),
                "reply_users": users,
                "reply_users_count": len(users),
                "latest_reply": replies[-1]["ts"],
                "is_locked": False,
                "subscribed": False,
            }
        return shown

    def ephemeral(self, channel: Channel, user: str) -> list[Message]:
        """What only `user` sees in a channel, oldest first; the list itself, to change it."""
        return self._ephemeral.setdefault((channel.id, user), [])

    def _remember(self, channel: str, message: Message) -> None:
        ts = message["ts"]
        self._messages[channel][ts] = message
        seconds, _, micro = ts.partition(".")
        self._last_tick = max(self._last_tick, int(seconds) * 1_000_000 + int(micro))
        thread = str(message.get("thread_ts", ts))
        if thread != ts:
            self._replies.setdefault((channel, thread), []).append(ts)
