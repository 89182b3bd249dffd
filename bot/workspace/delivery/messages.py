"""Saying, editing and deleting: the one place where a change reaches everybody concerned.

Each change goes to the state, to the feed the page follows and to the bot as events. Knows
nothing of who is allowed to, nor of HTTP.
"""

from __future__ import annotations

import uuid
from typing import Any

from bot.workspace.delivery import payloads
from bot.workspace.delivery.feed import Feed
from bot.workspace.delivery.sockets import Sockets
from bot.workspace.delivery.statuses import Statuses
from bot.workspace.state.people import APP_ID, BOT_ID, BOT_USER, TEAM_ID, bot_profile
from bot.workspace.state.state import Channel, Message, State


class Messages:
    """Posts, edits and deletes messages, public and ephemeral."""

    def __init__(self, state: State, feed: Feed, sockets: Sockets, statuses: Statuses) -> None:
        self._state = state
        self._feed = feed
        self._sockets = sockets
        self._statuses = statuses

    def post(self, channel: Channel, author: str, content: dict[str, Any]) -> Message:
        """Post a message by `author` with the fields of `content` (text, blocks, thread_ts…)."""
        message: Message = {"type": "message", "user": author, "ts": self._state.next_ts()}
        message |= {"team": TEAM_ID} | content
        if author == BOT_USER:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": bot_profile()}
        else:
            message["client_msg_id"] = str(uuid.uuid4())
        self._state.add(channel, message)
        if author == BOT_USER and "thread_ts" in message:
            self._statuses.clear(channel, message["thread_ts"])
        self._show("message", channel, message)
        self._show_thread(channel, message)
        for event in payloads.posted(channel, message):
            self._sockets.send_event(payloads.callback(event))
        return message

    def change(self, channel: Channel, before: Message, after: Message) -> Message:
        """Replace a message's content; `after` has the same `ts`."""
        self._state.replace(channel, after)
        self._show("changed", channel, after)
        event = payloads.changed(
            channel,
            self._state.shown(channel, after),
            self._state.shown(channel, before),
            self._state.next_ts(),
        )
        self._sockets.send_event(payloads.callback(event))
        return after

    def append(self, channel: Channel, message: Message, piece: str) -> Message:
        """Add a piece to a message that is being streamed; the page sees it, the bot does not."""
        after = message | {"text": message["text"] + piece}
        self._state.replace(channel, after)
        if piece:
            self._feed.publish(
                "append",
                channel=channel.id,
                ts=message["ts"],
                # The page counts as JavaScript does, to tell a piece it has from one it missed.
                offset=len(message["text"].encode("utf-16-le", "surrogatepass")) // 2,
                text=piece,
            )
        return after

    def delete(self, channel: Channel, message: Message) -> None:
        """Delete a message; one that has replies leaves a tombstone, as in Slack."""
        if self._state.replies(channel, message["ts"]):
            tombstone = {
                "type": "message",
                "subtype": "tombstone",
                "hidden": True,
                "user": "USLACKBOT",
                "text": "This message was deleted.",
                "ts": message["ts"],
                "thread_ts": message["ts"],
            }
            self._state.replace(channel, tombstone)
            self._show("changed", channel, tombstone)
        else:
            self._state.remove(channel, message["ts"])
            self._feed.publish(
                "deleted",
                channel=channel.id,
                ts=message["ts"],
                thread_ts=message.get("thread_ts"),
            )
            self._show_thread(channel, message)
        event = payloads.deleted(channel, message, self._state.next_ts())
        self._sockets.send_event(payloads.callback(event))

    def whisper(self, channel: Channel, user: str, content: dict[str, Any]) -> Message:
        """Show a message of the bot to one person."""
        message: Message = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "ts": self._state.next_ts(),
            "is_ephemeral": True,
            **content,
        }
        self._state.ephemeral(channel, user).append(message)
        self._feed.publish("ephemeral", channel=channel.id, user=user, message=message)
        return message

    def rewhisper(self, channel: Channel, user: str, ts: str, content: dict[str, Any]) -> None:
        """Replace what one person was shown; nothing happens if it is gone."""
        whispers = self._state.ephemeral(channel, user)
        for index, message in enumerate(whispers):
            if message["ts"] == ts:
                kept = {key: value for key, value in message.items() if key != "blocks"}
                whispers[index] = kept | content
                self._feed.publish(
                    "ephemeral", channel=channel.id, user=user, message=whispers[index]
                )

    def unwhisper(self, channel: Channel, user: str, ts: str) -> None:
        """Take away what one person was shown."""
        whispers = self._state.ephemeral(channel, user)
        whispers[:] = [message for message in whispers if message["ts"] != ts]
        self._feed.publish("ephemeral_deleted", channel=channel.id, user=user, ts=ts)

    def _show_thread(self, channel: Channel, reply: Message) -> None:
        """Let the page know that a message got a reply, or lost one."""
        root_ts = str(reply.get("thread_ts", reply["ts"]))
        if root_ts != reply["ts"]:
            root = self._state.message(channel, root_ts)
            shown = self._state.shown(channel, root)
            self._feed.publish(
                "thread",
                channel=channel.id,
                ts=root_ts,
                reply_count=shown.get("reply_count", 0),
                reply_users=shown.get("reply_users", []),
                latest_reply=shown.get("latest_reply"),
            )

    def _show(self, kind: str, channel: Channel, message: Message) -> None:
        shown = self._state.shown(channel, message, metadata=True)
        self._feed.publish(kind, channel=channel.id, message=shown)
