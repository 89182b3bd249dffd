"""Posts, edits and deletes messages: stores each change, shows it to the page, tells the bot.

The only module that changes a message. Knows nothing of who may do so, nor of HTTP.
"""

from __future__ import annotations

import uuid
from typing import Any

from bot.workspace.delivery import payloads
from bot.workspace.delivery.envelopes import Envelopes
from bot.workspace.delivery.page_events import PageEvents
from bot.workspace.delivery.statuses import Statuses
from bot.workspace.state.channels import Channel
from bot.workspace.state.conversations import STREAM, Conversations, Message, without
from bot.workspace.state.people import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    PEOPLE,
    SLACKBOT_USER,
    bot_profile,
)


class Messages:
    """Posts, edits and deletes messages, public and ephemeral."""

    def __init__(
        self,
        conversations: Conversations,
        page_events: PageEvents,
        envelopes: Envelopes,
        statuses: Statuses,
    ) -> None:
        self._conversations = conversations
        self._page_events = page_events
        self._envelopes = envelopes
        self._statuses = statuses

    def post(self, channel: Channel, author: str, content: dict[str, Any]) -> Message:
        """Post a message by `author` with the fields of `content` (text, blocks, thread_ts…)."""
        message: Message = {"type": "message", "user": author, "ts": self._conversations.next_ts()}
        message |= {"team": PEOPLE[author].team} | content
        if PEOPLE[author].is_stranger:
            message |= {"user_team": PEOPLE[author].team, "source_team": PEOPLE[author].team}
        if author == BOT_USER:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": bot_profile()}
        else:
            message["client_msg_id"] = str(uuid.uuid4())
        self._conversations.add(channel, message)
        if author == BOT_USER and "thread_ts" in message:
            self._statuses.clear(channel, message["thread_ts"])
        self._publish("message", channel, message)
        self._publish_thread(channel, message)
        for event in payloads.posted(channel, message):
            self._envelopes.send_event(payloads.callback(event))
        return message

    def change(self, channel: Channel, before: Message, after: Message) -> Message:
        """Replace a message's content; `after` has the same `ts`."""
        self._conversations.replace(channel, after)
        self._publish("changed", channel, after)
        event = payloads.changed(
            channel,
            self._conversations.shown(channel, after),
            self._conversations.shown(channel, before),
            self._conversations.next_ts(),
        )
        self._envelopes.send_event(payloads.callback(event))
        return after

    def append(
        self, channel: Channel, message: Message, piece: str, blocks: list[dict[str, Any]]
    ) -> Message:
        """Add text to a message that is being streamed; the page is told, the bot is not.

        `blocks` are all that it has from now on.
        """
        after = message | {"text": message["text"] + piece}
        if blocks:
            after["blocks"] = blocks
        self._conversations.replace(channel, after)
        if blocks != message.get("blocks", []):
            self._publish("changed", channel, after)
        elif piece:
            self._page_events.publish(
                "append",
                channel=channel.id,
                # Nobody else sees it grow; empty where everybody does.
                user=message[STREAM]["recipient"],
                ts=message["ts"],
                # In UTF-16 code units, as JavaScript measures a string: the page compares it with
                # the text it has, to recognise a piece that it has already or has missed.
                offset=len(message["text"].encode("utf-16-le", "surrogatepass")) // 2,
                text=piece,
            )
        return after

    def delete(self, channel: Channel, message: Message) -> None:
        """Delete a message; as in Slack, one with replies is changed into a tombstone."""
        if self._conversations.replies(channel, message["ts"]):
            tombstone = {
                "type": "message",
                "subtype": "tombstone",
                "hidden": True,
                "user": SLACKBOT_USER,
                "text": "This message was deleted.",
                "ts": message["ts"],
                "thread_ts": message["ts"],
            }
            self.change(channel, message, tombstone)
            return
        self._conversations.remove(channel, message["ts"])
        self._page_events.publish(
            "deleted", channel=channel.id, ts=message["ts"], thread_ts=message.get("thread_ts")
        )
        self._publish_thread(channel, message)
        event = payloads.deleted(channel, message, self._conversations.next_ts())
        self._envelopes.send_event(payloads.callback(event))

    def post_ephemeral(self, channel: Channel, user: str, content: dict[str, Any]) -> Message:
        """Show a message to one person; the bot's, unless `content` names another `user`."""
        message: Message = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "ts": self._conversations.next_ts(),
            "is_ephemeral": True,
            **content,
        }
        self._conversations.ephemeral(channel, user).append(message)
        self._page_events.publish("ephemeral", channel=channel.id, user=user, message=message)
        return message

    def replace_ephemeral(
        self, channel: Channel, user: str, ts: str, content: dict[str, Any]
    ) -> None:
        """Replace an ephemeral message; without effect if it was dismissed or deleted."""
        ephemeral = self._conversations.ephemeral(channel, user)
        for index, message in enumerate(ephemeral):
            if message["ts"] == ts:
                ephemeral[index] = without(message, "blocks") | content
                self._page_events.publish(
                    "ephemeral", channel=channel.id, user=user, message=ephemeral[index]
                )

    def delete_ephemeral(self, channel: Channel, user: str, ts: str) -> None:
        """Delete an ephemeral message."""
        ephemeral = self._conversations.ephemeral(channel, user)
        ephemeral[:] = [message for message in ephemeral if message["ts"] != ts]
        self._page_events.publish("ephemeral_deleted", channel=channel.id, user=user, ts=ts)

    def _publish_thread(self, channel: Channel, reply: Message) -> None:
        """Tell the page the summary of the thread that got or lost `reply`."""
        root_ts = str(reply.get("thread_ts", reply["ts"]))
        if root_ts != reply["ts"]:
            root = self._conversations.message(channel, root_ts)
            shown = self._conversations.shown(channel, root)
            self._page_events.publish(
                "thread",
                channel=channel.id,
                ts=root_ts,
                reply_count=shown.get("reply_count", 0),
                reply_users=shown.get("reply_users", []),
                latest_reply=shown.get("latest_reply"),
            )

    def _publish(self, kind: str, channel: Channel, message: Message) -> None:
        shown = self._conversations.shown(channel, message, metadata=True)
        self._page_events.publish(kind, channel=channel.id, message=shown)
