"""The numbered stream of everything that happens, which the page follows.

A follower that was away gets what it missed, or `reset` when that is no longer known. Knows
nothing of HTTP: `local` writes these as server-sent events.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

Watcher = Callable[["Happening"], None]


@dataclass(frozen=True)
class Happening:
    """One thing that happened: `id` is unique over restarts, `kind` names it."""

    id: str
    kind: str
    data: dict[str, Any]


class Feed:
    """Keeps the last `keep` happenings and hands each to everyone who follows."""

    def __init__(self, keep: int = 1000) -> None:
        self._epoch = uuid.uuid4().hex[:8]
        self._number = 0
        self._recent: deque[Happening] = deque(maxlen=keep)
        self._followers: set[asyncio.Queue[Happening | None]] = set()
        self._watchers: list[Watcher] = []
        self._closed = False

    @property
    def last_id(self) -> str:
        """The id of the newest happening."""
        return f"{self._epoch}-{self._number}"

    def publish(self, kind: str, **data: Any) -> None:
        """Tell everyone."""
        self._number += 1
        happening = Happening(self.last_id, kind, data)
        self._recent.append(happening)
        for queue in self._followers:
            queue.put_nowait(happening)
        for watcher in self._watchers:
            watcher(happening)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` at once for everything that is published from now on."""
        self._watchers.append(watcher)

    async def follow(self, since: str = "", idle: float = 15.0) -> AsyncIterator[Happening | None]:
        """Yield what came after `since`, then everything new; None after `idle` quiet seconds."""
        queue: asyncio.Queue[Happening | None] = asyncio.Queue()
        for happening in self._missed(since):
            queue.put_nowait(happening)
        self._followers.add(queue)
        try:
            while not self._closed:
                try:
                    happening_or_end = await asyncio.wait_for(queue.get(), idle)
                except TimeoutError:
                    yield None
                    continue
                if happening_or_end is None:
                    return
                yield happening_or_end
        finally:
            self._followers.discard(queue)

    def close(self) -> None:
        """Let everyone who follows go."""
        self._closed = True
        for queue in self._followers:
            queue.put_nowait(None)

    def _missed(self, since: str) -> list[Happening]:
        if not since or since == self.last_id:
            return []
        known = [happening.id for happening in self._recent]
        if since in known:
            return list(self._recent)[known.index(since) + 1 :]
        if since == f"{self._epoch}-0" and len(known) == self._number:
            return list(self._recent)
        return [Happening(self.last_id, "reset", {})]
