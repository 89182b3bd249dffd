"""The bot's "is thinking…" line under a thread.

Kept in memory only: the bot's next message in the thread, two minutes or a restart end a status.
Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bot.workspace.delivery.page_events import PageEvents
from bot.workspace.state.channels import Channel

# https://docs.slack.dev/reference/methods/assistant.threads.setStatus: "a timeout of two minutes".
LIFETIME_SECONDS = 120.0


class Statuses:
    """At most one status per thread."""

    def __init__(self, page_events: PageEvents) -> None:
        self._page_events = page_events
        self._shown: dict[tuple[str, str], dict[str, Any]] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def set(self, channel: Channel, thread_ts: str, text: str, loading: list[str]) -> None:
        """Show a status and its `loading` messages; an empty text clears it."""
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
        self._timers[key] = loop.call_later(LIFETIME_SECONDS, self.clear, channel, thread_ts)
        self._page_events.publish("status", **self._shown[key])

    def clear(self, channel: Channel, thread_ts: str) -> None:
        """Remove the status, if there is one."""
        key = (channel.id, thread_ts)
        self._stop_timer(key)
        if self._shown.pop(key, None) is not None:
            self._page_events.publish(
                "status", channel=channel.id, thread_ts=thread_ts, status="", loading_messages=[]
            )

    def shown(self) -> list[dict[str, Any]]:
        """Every current status, as the page gets it."""
        return list(self._shown.values())

    def close(self) -> None:
        """Stop the timers that would end a status."""
        for key in list(self._timers):
            self._stop_timer(key)

    def _stop_timer(self, key: tuple[str, str]) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
