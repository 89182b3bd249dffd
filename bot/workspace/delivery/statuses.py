"""The bot's "is thinking…" line under a thread.

Kept in memory only: a status is gone with the next message, after two minutes, or at a restart.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bot.workspace.delivery.feed import Feed
from bot.workspace.state.state import Channel

# https://docs.slack.dev/reference/methods/assistant.threads.setStatus: "a timeout of two minutes".
LIFETIME = 120.0


class Statuses:
    """At most one status per thread."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._shown: dict[tuple[str, str], dict[str, Any]] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def set(self, channel: Channel, thread_ts: str, text: str, loading: list[str]) -> None:
        """Show a status; an empty text clears it."""
        key = (channel.id, thread_ts)
        if not text:
            self.clear(channel, thread_ts)
            return
        self._stop_timer(key)
        self._shown[key] = {
            "channel": channel.id,
            "thread_ts": thread_ts,
            "status": text,
            "loading_messages": loading,
        }
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(LIFETIME, self.clear, channel, thread_ts)
        self._feed.publish("status", **self._shown[key])

    def clear(self, channel: Channel, thread_ts: str) -> None:
        """Take the status away, if there is one."""
        key = (channel.id, thread_ts)
        self._stop_timer(key)
        if self._shown.pop(key, None) is not None:
            self._feed.publish(
                "status", channel=channel.id, thread_ts=thread_ts, status="", loading_messages=[]
            )

    def shown(self) -> list[dict[str, Any]]:
        """Every status there is now."""
        return list(self._shown.values())

    def close(self) -> None:
        """Stop the timers."""
        for key in list(self._timers):
            self._stop_timer(key)

    def _stop_timer(self, key: tuple[str, str]) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
