"""The numbered events that the page follows.

A reader that was disconnected gets the events it missed, or `reset` when those are no longer
kept. Knows nothing of HTTP: `local_api.page_data` writes the events as server-sent events.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PageEvent:
    """One event: `id` differs from every other's, also after a restart; `kind` names it."""

    id: str
    kind: str
    data: dict[str, Any]


Watcher = Callable[[PageEvent], None]


class PageEvents:
    """Keeps the last `keep` events and hands each to every reader."""

    def __init__(self, keep: int = 1000) -> None:
        self._run = uuid.uuid4().hex[:8]
        self._number = 0
        self._recent: deque[PageEvent] = deque(maxlen=keep)
        self._queues: set[asyncio.Queue[PageEvent | None]] = set()
        self._watchers: list[Watcher] = []
        self._closed = False

    @property
    def last_id(self) -> str:
        """The id of the newest event."""
        return f"{self._run}-{self._number}"

    def publish(self, kind: str, **data: Any) -> None:
        """Hand a new event to every reader and watcher."""
        self._number += 1
        event = PageEvent(self.last_id, kind, data)
        self._recent.append(event)
        for queue in self._queues:
            queue.put_nowait(event)
        for watcher in self._watchers:
            watcher(event)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` synchronously for every event that is published from now on."""
        self._watchers.append(watcher)

    async def follow(self, since: str = "", idle: float = 15.0) -> AsyncIterator[PageEvent | None]:
        """Yield the events after the id `since`, then every new one, until `close`.

        Yields None after each `idle` seconds without an event.
        """
        queue: asyncio.Queue[PageEvent | None] = asyncio.Queue()
        for event in self._missed(since):
            queue.put_nowait(event)
        self._queues.add(queue)
        try:
            while not self._closed:
                try:
                    event_or_end = await asyncio.wait_for(queue.get(), idle)
                except TimeoutError:
                    yield None
                    continue
                if event_or_end is None:
                    return
                yield event_or_end
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        """End every `follow`."""
        self._closed = True
        for queue in self._queues:
            queue.put_nowait(None)

    def _missed(self, since: str) -> list[PageEvent]:
        if not since or since == self.last_id:
            return []
        ids = [event.id for event in self._recent]
        if since in ids:
            return list(self._recent)[ids.index(since) + 1 :]
        if since == f"{self._run}-0" and len(ids) == self._number:
            return list(self._recent)
        return [PageEvent(self.last_id, "reset", {})]
