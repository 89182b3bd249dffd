"""`response_url`: how the bot answers a slash command or a pressed button later.

A URL works five times within half an hour, as in Slack. Kept in memory only. Knows nothing of
HTTP: `server` gives it the bodies that arrive.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from bot.workspace.block_kit import checked_blocks, checked_text
from bot.workspace.delivery.messages import Messages
from bot.workspace.errors import Refused
from bot.workspace.state.people import BOT_USER
from bot.workspace.state.state import Channel, State

# https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
MAX_USES = 5
LIFETIME = 30 * 60.0


@dataclass
class _Url:
    channel: Channel
    user: str
    source_ts: str | None
    is_ephemeral: bool
    expires: float
    uses: int = 0


class Responses:
    """The URLs given out and what they were given out for."""

    def __init__(self, state: State, messages: Messages) -> None:
        self._state = state
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
        """Give out the last part of a new URL, for the message at `source_ts` if a button is."""
        now = time.monotonic()
        self._urls = {key: url for key, url in self._urls.items() if url.expires > now}
        key = uuid.uuid4().hex
        self._urls[key] = _Url(channel, user, source_ts, is_ephemeral, now + LIFETIME)
        return key

    def use(self, key: str, body: dict[str, Any]) -> None:
        """Do what `body` says. Raises Refused `expired_url`, `used_url`, `no_text` or of blocks."""
        url = self._urls.get(key)
        if url is None or url.expires < time.monotonic():
            raise Refused("expired_url")
        if url.uses >= MAX_USES:
            raise Refused("used_url")
        self._respond(url, body)
        url.uses += 1

    def acknowledged(self, key: str, body: dict[str, Any]) -> None:
        """Show what a slash command was acknowledged with; it does not count as a use."""
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
            self._messages.whisper(url.channel, url.user, content)

    def _delete_original(self, url: _Url, ts: str) -> None:
        if url.is_ephemeral:
            self._messages.unwhisper(url.channel, url.user, ts)
        else:
            self._messages.delete(url.channel, self._state.message(url.channel, ts))

    def _replace_original(self, url: _Url, ts: str, content: dict[str, Any]) -> None:
        if url.is_ephemeral:
            self._messages.rewhisper(url.channel, url.user, ts, content)
            return
        before = self._state.message(url.channel, ts)
        kept = {key: value for key, value in before.items() if key != "blocks"}
        self._messages.change(url.channel, before, kept | content)

    def _in_thread(
        self, url: _Url, body: dict[str, Any], content: dict[str, Any]
    ) -> dict[str, Any]:
        thread_ts = body.get("thread_ts")
        if not isinstance(thread_ts, str) or not thread_ts:
            return content
        return content | {"thread_ts": self._state.root(url.channel, thread_ts)["ts"]}


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
