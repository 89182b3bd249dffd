"""The sessions of an agent: the status and title of a thread, and the prompts of its messages.

Kept in memory only. A session that is processing ends that after an hour. Slack shows a session in
the place of the thread's status line: whatever was set last is seen. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, get_args

from bot.workspace.delivery.page_events import PageEvents
from bot.workspace.delivery.statuses import Statuses
from bot.workspace.errors import Refused
from bot.workspace.state.channels import Channel

Status = Literal["processing", "active", "suspended", "closed"]
STATUSES: tuple[str, ...] = get_args(Status)

# "lapses after an hour": https://docs.slack.dev/ai/agent-sessions
PROCESSING_SECONDS = 3600.0

Json = dict[str, Any]


class Sessions:
    """At most one session per thread, and one list of prompts per person."""

    def __init__(self, page_events: PageEvents, statuses: Statuses) -> None:
        self._page_events = page_events
        self._statuses = statuses
        self._sessions: dict[tuple[str, str], Json] = {}
        self._prompts: dict[str, Json] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def set(self, channel: Channel, thread_ts: str, status: str, title: str) -> Json:
        """Set a session's status; `title` is taken where there was no session yet."""
        key = (channel.id, thread_ts)
        session = self._sessions.setdefault(
            key, {"channel": channel.id, "thread_ts": thread_ts, "title": title}
        )
        session["status"] = status
        self._statuses.clear(channel, thread_ts)
        self._stop_timer(key)
        if status == "processing":
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(PROCESSING_SECONDS, self._lapse, channel, thread_ts)
        self._page_events.publish("session", **session)
        return session

    def rename(self, channel: Channel, thread_ts: str, title: str) -> Json:
        """Change a session's title. Raises Refused `session_not_found`."""
        session = self.of(channel, thread_ts)
        session["title"] = title
        self._page_events.publish("session", **session)
        return session

    def of(self, channel: Channel, thread_ts: str) -> Json:
        """The session of a thread. Raises Refused `session_not_found`."""
        session = self._sessions.get((channel.id, thread_ts))
        if session is None:
            raise Refused("session_not_found")
        return session

    def suggest(self, channel: Channel, title: str, prompts: list[Json]) -> None:
        """Show prompts above a person's direct messages."""
        self._prompts[channel.person] = {"title": title, "prompts": prompts}
        self._page_events.publish("prompts", user=channel.person, **self._prompts[channel.person])

    def prompts_of(self, user: str) -> Json:
        """The prompts that a person sees: {title, prompts}."""
        return self._prompts.get(user, {"title": "", "prompts": []})

    def shown(self) -> list[Json]:
        """Every session, as the page gets it."""
        return list(self._sessions.values())

    def close(self) -> None:
        """Stop the timers that would end a status."""
        for key in list(self._timers):
            self._stop_timer(key)

    def _lapse(self, channel: Channel, thread_ts: str) -> None:
        self.set(channel, thread_ts, "active", "")

    def _stop_timer(self, key: tuple[str, str]) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
