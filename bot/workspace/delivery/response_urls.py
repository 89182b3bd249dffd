"""`response_url`: the address where the bot may answer a slash command or a button later.

As in Slack, a URL works five times within half an hour. Kept in memory only. Knows nothing of
HTTP: `local_api.interactions` passes on the bodies that arrive.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from bot.workspace.block_kit.blocks import checked_blocks
from bot.workspace.block_kit.text import checked_text
from bot.workspace.delivery.messages import Messages
from bot.workspace.errors import Refused
from bot.workspace.state.channels import Channel
from bot.workspace.state.conversations import Conversations, without
from bot.workspace.state.people import BOT_USER

# https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
MAX_USES = 5
LIFETIME_SECONDS = 30 * 60.0


@dataclass
class _Url:
    channel: Channel
    user: str
    source_ts: str | None
    is_ephemeral: bool
    expires: float  # on the monotonic clock, in seconds
    uses: int = 0


class ResponseUrls:
    """The URLs that were issued, each with the channel, person and message it belongs to."""

    def __init__(self, conversations: Conversations, messages: Messages) -> None:
        self._conversations = conversations
        self._messages = messages
        self._urls: dict[str, _Url] = {}

    def issue(
        self,
        channel: Channel,
        user: str,
        source_ts: str | None = None,
        *,
        is_ephemeral: bool = False,
    ) -> str:
        """Register a new URL and return its key, the last part of its path.

        `source_ts` is the message whose button was pressed; a slash command has none.
        """
        now = time.monotonic()
        self._urls = {key: url for key, url in self._urls.items() if url.expires > now}
        key = uuid.uuid4().hex
        self._urls[key] = _Url(channel, user, source_ts, is_ephemeral, now + LIFETIME_SECONDS)
        return key

    def use(self, key: str, body: dict[str, Any]) -> None:
        """Post, replace or delete as `body` says.

        Raises Refused `expired_url`, `used_url`, `invalid_payload`, `no_text`, `msg_too_long` or
        `invalid_blocks`.
        """
        url = self._urls.get(key)
        if url is None or url.expires < time.monotonic():
            raise Refused("expired_url")
        if url.uses >= MAX_USES:
            raise Refused("used_url")
        self._respond(url, body)
        url.uses += 1

    def show_acknowledgement(self, key: str, body: dict[str, Any]) -> None:
        """Show the payload a slash command was acknowledged with; not counted as a use."""
        if body.get("text") or body.get("blocks"):
            self._respond(self._urls[key], body)

    def _respond(self, url: _Url, body: dict[str, Any]) -> None:
        if body.get("delete_original") is True and url.source_ts is not None:
            self._delete_original(url, url.source_ts)
            return
        content = _content(body)
        if body.get("replace_original") is True and url.source_ts is not None:
            self._replace_original(url, url.source_ts, content)
        elif body.get("response_type") == "in_channel":
            self._messages.post(url.channel, BOT_USER, self._in_thread(url, body, content))
        else:
            content = self._in_thread(url, body, content)
            self._messages.post_ephemeral(url.channel, url.user, content)

    def _delete_original(self, url: _Url, ts: str) -> None:
        if url.is_ephemeral:
            self._messages.delete_ephemeral(url.channel, url.user, ts)
        else:
            self._messages.delete(url.channel, self._conversations.message(url.channel, ts))

    def _replace_original(self, url: _Url, ts: str, content: dict[str, Any]) -> None:
        if url.is_ephemeral:
            self._messages.replace_ephemeral(url.channel, url.user, ts, content)
            return
        before = self._conversations.message(url.channel, ts)
        self._messages.change(url.channel, before, without(before, "blocks") | content)

    def _in_thread(
        self, url: _Url, body: dict[str, Any], content: dict[str, Any]
    ) -> dict[str, Any]:
        thread_ts = body.get("thread_ts")
        if not isinstance(thread_ts, str) or not thread_ts:
            return content
        return content | {"thread_ts": self._conversations.root(url.channel, thread_ts)["ts"]}


def _content(body: dict[str, Any]) -> dict[str, Any]:
    text = body.get("text") or ""
    blocks = body.get("blocks")
    if not isinstance(text, str) or not isinstance(blocks or [], list):
        raise Refused("invalid_payload")
    if not text and not blocks:
        raise Refused("no_text")
    content: dict[str, Any] = {"text": checked_text(text)}
    if blocks:
        content["blocks"] = checked_blocks(blocks)
    return content
