"""The messages of every channel and thread, and the ephemeral messages of each person.

Messages are Slack's message objects as plain dictionaries; a thread's summary (`reply_count`…)
is not stored but computed when a message is shown. Knows nothing of HTTP, sockets or who may do
what.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.errors import Refused
from bot.workspace.state.channels import CHANNELS, Channel
from bot.workspace.state.database import Database
from bot.workspace.state.timestamps import microseconds_of, now_in_microseconds, timestamp_of

Message = dict[str, Any]

STREAM = "stream"
"""The field of a message that is being streamed which only the workspace knows."""


def without(message: Message, field: str) -> Message:
    """A copy of `message` that lacks `field`."""
    return {key: value for key, value in message.items() if key != field}


class Conversations:
    """Messages in memory; all but the ephemeral ones are also written to the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._messages: dict[str, dict[str, Message]] = {channel.id: {} for channel in CHANNELS}
        self._replies: dict[tuple[str, str], list[str]] = {}
        self._ephemeral: dict[tuple[str, str], list[Message]] = {}
        self._last_ts = 0  # in microseconds
        for channel_id, message in database.messages():
            self._index(channel_id, message)

    @property
    def is_new(self) -> bool:
        """Whether there is no message in any channel."""
        return not any(self._messages.values())

    def next_ts(self) -> str:
        """A timestamp that no message has yet and that sorts after all others."""
        self._last_ts = max(self._last_ts + 1, now_in_microseconds())
        return timestamp_of(self._last_ts)

    def add(self, channel: Channel, message: Message) -> None:
        """Keep a new message; it has its `ts` already."""
        self._index(channel.id, message)
        self._database.put_message(channel.id, message)

    def replace(self, channel: Channel, message: Message) -> None:
        """Keep the new content of an existing message."""
        self._messages[channel.id][message["ts"]] = message
        self._database.put_message(channel.id, message)

    def remove(self, channel: Channel, ts: str) -> None:
        """Forget a message and its place in a thread."""
        message = self._messages[channel.id].pop(ts)
        siblings = self._replies.get((channel.id, message.get("thread_ts", "")), [])
        if ts in siblings:
            siblings.remove(ts)
        self._database.drop_message(channel.id, ts)

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
        """The message as the API gives it: with its thread's summary.

        Its metadata is included only if `metadata` is set.
        """
        shown = without(message, STREAM)
        if not metadata:
            shown = without(shown, "metadata")
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
        """What only `user` sees in a channel, oldest first; the list itself, to be changed."""
        return self._ephemeral.setdefault((channel.id, user), [])

    def _index(self, channel_id: str, message: Message) -> None:
        ts = message["ts"]
        self._messages[channel_id][ts] = message
        self._last_ts = max(self._last_ts, microseconds_of(ts))
        thread_ts = str(message.get("thread_ts", ts))
        if thread_ts != ts:
            self._replies.setdefault((channel_id, thread_ts), []).append(ts)
