"""The text of one followed job as it grows: what its events say, in order, until the final one.

Knows no Slack: when text may be shown, and how, is its follower's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from bot.relay.dispatch import Outlook
from bot.relay.event_streams import EventStreams
from bot.relay.job_events import JobEvents
from tasks.broker.job import Event, Job

log = logging.getLogger(__name__)

THINKING_SECONDS = 5.0
"""How often it is shown anew for how long the model thinks."""

STALLED_SECONDS = 20.0
"""How often text that does not grow is shown again: what shows it may have to end before long."""


class _TextMissing(Exception):
    """Text before a piece of the answer has not been read."""


class GrowingText:
    """The text of `job`; `thinking_since` is in seconds since the epoch, 0 where it does not.

    `part` is the number of the part that is summarised now, and how many there are, 0 where it is
    not done in parts.
    """

    def __init__(self, streams: EventStreams, outlook: Outlook, job: Job) -> None:
        self._streams = streams
        self._outlook = outlook
        self._job = job
        self._attempt = 0
        self._read_again_for = ""
        self.text = ""
        self.thinking_since = 0.0
        self.part = (0, 0)

    @property
    def has_begun(self) -> bool:
        """Whether there is a part, a thought or text to show while the job goes on."""
        return bool(self.text or self.thinking_since or self.part[0])

    async def until_final(
        self,
        events: JobEvents,
        turn: Callable[[], Coroutine[Any, Any, None]],
        show: Callable[[], Awaitable[None]],
    ) -> Event:
        """Return the final event; until then wait for a `turn` when there is something to `show`.

        Where some text is missing, events are read again from the first. A later revision of what
        was asked ends this following of the job too, with its event.
        """
        while True:
            try:
                return await self._until_final(events, turn, show)
            except _TextMissing:
                log.warning("job %s: text is missing and read again", self._job.id)
                events = await asyncio.to_thread(self._streams.follow, self._job.id)
                self._attempt = 0
                self._start_over()

    async def _until_final(
        self,
        events: JobEvents,
        turn: Callable[[], Coroutine[Any, Any, None]],
        show: Callable[[], Awaitable[None]],
    ) -> Event:
        while True:
            final = self._take(await self._next(events))
            if final is None and self.has_begun:
                await events.wait_unless_final(turn())
                final = self._take(events.ready())
            if final is not None:
                return final
            if self.has_begun:
                await show()

    async def _next(self, events: JobEvents) -> list[Event]:
        """Wait for an event, and return it with those that are ready behind it.

        There may be none while the model thinks, as the seconds that are shown grow, or while text
        does not.
        """
        patience = STALLED_SECONDS if self.text else THINKING_SECONDS
        try:
            first = await asyncio.wait_for(
                self._outlook.next_event(events), patience if self.has_begun else None
            )
        except TimeoutError:
            return []
        return [first, *events.ready()]

    def _take(self, events: Iterable[Event]) -> Event | None:
        """Append new text, note when thinking began, and return the final event if it is there.

        The text of a new attempt replaces that of the old. A later revision counts also behind a
        final event.
        """
        events = list(events)
        for event in events:
            if event.type == "revised" and event.data["revision"] > self._job.revision:
                return event
        for event in events:
            if event.attempt > self._attempt:
                self._attempt = event.attempt
                self._start_over()
            if event.attempt < self._attempt:
                continue
            if event.type == "text":
                self._add(event)
            if event.type == "thinking":
                self.thinking_since = int(event.id.partition("-")[0]) / 1000  # the broker's clock
            if event.type == "part":
                self.part = (int(event.data["number"]), int(event.data["count"]))
            if event.final:
                return event
        return None

    def _start_over(self) -> None:
        self.text, self.thinking_since, self.part = "", 0.0, (0, 0)

    def _add(self, event: Event) -> None:
        """Put new text where it belongs.

        Raises:
            _TextMissing: text before it was not read. Only once for each event: what the stream
                does not have cannot be waited for.
        """
        at = event.data.get("at", len(self.text))
        if at > len(self.text) and event.id != self._read_again_for:
            self._read_again_for = event.id
            raise _TextMissing
        self.text = self.text[:at] + event.data["text"]
