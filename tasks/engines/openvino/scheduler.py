"""Which requests are generated now, which wait, and which are paused: first come, first served.

One adapter at a time can be active, so those of an adapter run together, and a switch waits until
nothing runs. Those of the active adapter may join although one of another adapter was asked
earlier: while something runs that was asked earlier still, that one would wait anyway. Once only
later ones run, it is being overtaken, and nobody joins any more. After `OVERTAKEN_SECONDS` of that
in all, those that overtake it are paused, and go on when it is their turn.

Within one adapter no request overtakes another; one that needs more memory than is free waits until
others have ended. Knows no pipeline and no processes.
"""

import time
from bisect import insort
from collections.abc import Callable

from tasks.engines.openvino.messages import Request, RequestAdapter

KV_BLOCK_TOKENS = 32
"""Tokens in one block of the cache of keys and values; OpenVINO GenAI's block size on a CPU."""

OVERTAKEN_SECONDS = 20.0
"""The longest that only requests run that were asked later and have another adapter than one that
waits. Longer than most answers take, so that few are paused: one that goes on has to read up to a
block of its own tokens again."""


class Scheduler:
    """The requests of one pipeline, of which at most `max_running` run, in `kv_blocks` of cache."""

    def __init__(
        self,
        *,
        max_running: int,
        kv_blocks: int,
        overtaken_seconds: float = OVERTAKEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_running = max_running
        self.kv_blocks = kv_blocks
        self.waiting: list[Request] = []
        """In the order in which they were asked."""
        self.running: dict[int, Request] = {}
        self._limit = overtaken_seconds
        self._clock = clock
        self._overtaken: dict[int, float] = {}  # seconds so far
        self._looked = clock()

    @property
    def idle(self) -> bool:
        """Whether no request runs and none waits."""
        return not self.running and not self.waiting

    def add(self, request: Request) -> None:
        """Add a request to those that wait, behind those that were asked earlier."""
        self._count()
        insort(self.waiting, request, key=_asked)

    def cancel_waiting(self, id: int) -> bool:
        """Remove a request from those that wait; returns False where it does not wait."""
        for request in self.waiting:
            if request.id == id:
                self.waiting.remove(request)
                self._overtaken.pop(id, None)
                return True
        return False

    def start_next(self) -> Request | None:
        """Move the waiting request that is next to the running ones, or return None if all wait."""
        self._count()
        request = self._next()
        if request is None or not self._fits(request):
            return None
        self.waiting.remove(request)
        self.running[request.id] = request
        return request

    def to_pause(self) -> list[Request]:
        """Return the running requests that have overtaken another for as long as they may."""
        self._count()
        due = any(self._is_due(each) for each in self._overtaken_now())
        return list(self.running.values()) if due else []

    def pause(self, rest: Request) -> None:
        """Let the running request with the id of `rest` wait, to go on as `rest`."""
        self._count()
        del self.running[rest.id]
        self.add(rest)

    def end(self, id: int) -> None:
        """Remove a request that has ended from the running ones."""
        self._count()
        self.running.pop(id, None)
        self._overtaken.pop(id, None)

    def _next(self) -> Request | None:
        """Return the oldest of the active adapter, unless it may not overtake who is before it."""
        if not self.running:
            return self.waiting[0] if self.waiting else None
        overtaken = self._overtaken_now()
        for request in self.waiting:
            if request.adapter == self._active:
                return request
            if request in overtaken or self._is_due(request):
                return None
        return None

    @property
    def _active(self) -> RequestAdapter | None:
        return next(iter(self.running.values())).adapter

    def _overtaken_now(self) -> list[Request]:
        """Return those of another adapter that wait while everything that runs was asked later."""
        if not self.running or not self.waiting:
            return []
        oldest, active = min(map(_asked, self.running.values())), self._active
        return [each for each in self.waiting if _asked(each) < oldest and each.adapter != active]

    def _is_due(self, request: Request) -> bool:
        return self._overtaken.get(request.id, 0.0) >= self._limit

    def _count(self) -> None:
        """Add the time since the last change to those that were overtaken during it."""
        now = self._clock()
        for request in self._overtaken_now():
            self._overtaken[request.id] = self._overtaken.get(request.id, 0.0) + now - self._looked
        self._looked = now

    def _fits(self, request: Request) -> bool:
        if not self.running:
            return True
        taken = sum(_blocks(other) for other in self.running.values())
        fits = taken + _blocks(request) <= self.kv_blocks
        return len(self.running) < self.max_running and fits


def _asked(request: Request) -> tuple[float, int]:
    return request.asked, request.id


def _blocks(request: Request) -> int:
    """Return the most blocks of cache that a request can fill, with all its new tokens."""
    return -(-(len(request.prompt_ids) + request.max_new_tokens) // KV_BLOCK_TOKENS)
