"""One thread that reads the event streams of all followed jobs and hands events to the event loop.

A single blocking read covers every job's stream and the stream of new jobs, so that a hundred
waiting questions need one connection. A read that fails is repeated; no event is skipped, because
each stream is read from the last event seen.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

from redis import Redis
from redis.exceptions import RedisError

from tasks.broker.job import Event, read_event
from tasks.broker.relay_claims import RELAY

log = logging.getLogger(__name__)

BLOCK_SECONDS = 1.0
"""The longest blocking read, and so the longest time that ending takes."""

AWAY_SECONDS = 0.5
"""The pause before a failed read is repeated."""

_PREFIX = "swallow:events:"


class EventStreams(threading.Thread):
    """Reads until `end`; this thread alone uses `blocking`, the callers of `follow` use `redis`."""

    def __init__(
        self,
        blocking: Redis,
        redis: Redis,
        loop: asyncio.AbstractEventLoop,
        on_new_job: Callable[[], None],
    ) -> None:
        super().__init__(name="streams", daemon=True)
        self._blocking = blocking
        self._redis = redis
        self._loop = loop
        self._on_new_job = on_new_job
        self._queues: dict[str, asyncio.Queue[Event]] = {}
        self._wake = f"swallow:wake:{uuid4().hex}"
        self._last: dict[str, str] = {RELAY: _newest(redis), self._wake: "0"}
        self._lock = threading.Lock()
        self._ended = False

    def follow(self, job: str) -> "asyncio.Queue[Event]":
        """Return a queue that gets every event of `job`, from its first on.

        Raises:
            RedisError: the broker is away.
        """
        queue: asyncio.Queue[Event] = asyncio.Queue()
        with self._lock:
            self._queues[job] = queue
            self._last[_PREFIX + job] = "0"
        # The blocking read under way does not cover the new stream: an entry here makes it return.
        self._redis.xadd(self._wake, {"job": job}, maxlen=1)
        self._redis.expire(self._wake, 60)
        return queue

    def leave(self, job: str) -> None:
        """Stop following `job`."""
        with self._lock:
            self._queues.pop(job, None)
            self._last.pop(_PREFIX + job, None)

    def end(self) -> None:
        """Stop reading; the thread ends within a second."""
        self._ended = True

    def run(self) -> None:
        """Read and hand over until `end`."""
        pause = threading.Event()
        while not self._ended:
            with self._lock:
                last = dict(self._last)
            try:
                new = self._blocking.xread(cast(Any, last), block=int(BLOCK_SECONDS * 1000))
            except RedisError:
                pause.wait(AWAY_SECONDS)
                continue
            for name, entries in cast(Any, new):
                self._hand_over(name, entries)

    def _hand_over(self, name: str, entries: list[tuple[str, dict[str, str]]]) -> None:
        with self._lock:
            if name not in self._last:
                return
            self._last[name] = entries[-1][0]
            queue = self._queues.get(name.removeprefix(_PREFIX))
        if name == RELAY:
            self._loop.call_soon_threadsafe(self._on_new_job)
        elif queue is not None:
            events = [read_event(*entry) for entry in entries]
            self._loop.call_soon_threadsafe(_put_all, queue, events)


def _newest(redis: Redis) -> str:
    newest = cast(Any, redis.xrevrange(RELAY, count=1))
    return str(newest[0][0]) if newest else "0-0"


def _put_all(queue: "asyncio.Queue[Event]", events: list[Event]) -> None:
    for event in events:
        queue.put_nowait(event)


def ready_events(events: "asyncio.Queue[Event]") -> list[Event]:
    """Return the events in the queue without waiting."""
    ready = []
    while not events.empty():
        ready.append(events.get_nowait())
    return ready
