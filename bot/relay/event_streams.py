"""One thread that reads the event streams of all followed jobs and hands events to the event loop.

A single blocking read covers every job's stream and the stream of new jobs, so that a hundred
waiting questions need one connection. A read that fails because the broker is away is repeated; no
event is skipped, because each stream is read from the last event seen. Any other exception is
`serve`'s.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

from redis import Redis
from redis.exceptions import RedisError

from bot.relay.job_events import Entry, JobEvents
from tasks.broker.relay_claims import RELAY

BLOCK_SECONDS = 1.0
"""The longest blocking read, and so the longest time that ending takes."""

AWAY_SECONDS = 0.5
"""The pause before a failed read is repeated."""

_PREFIX = "swallow:events:"


class EventStreams:
    """Its thread alone uses `blocking`; the callers of `follow` use `redis`."""

    def __init__(
        self,
        blocking: Redis,
        redis: Redis,
        loop: asyncio.AbstractEventLoop,
        on_new_job: Callable[[], None],
    ) -> None:
        self._blocking = blocking
        self._redis = redis
        self._loop = loop
        self._on_new_job = on_new_job
        self._followed: dict[str, JobEvents] = {}
        self._wake = f"swallow:wake:{uuid4().hex}"
        self._last: dict[str, str] = {RELAY: _newest(redis), self._wake: "0"}
        self._lock = threading.Lock()
        self._ended = False
        self._failure: asyncio.Future[None] = loop.create_future()

    def follow(self, job: str) -> JobEvents:
        """Return what gets every event of `job`, from its first on.

        A second call for the same job reads its events again.

        Raises:
            RedisError: the broker is away.
        """
        events = JobEvents()
        with self._lock:
            self._followed[job] = events
            self._last[_PREFIX + job] = "0"
        # The blocking read under way does not cover the new stream: an entry here makes it return.
        self._redis.xadd(self._wake, {"job": job}, maxlen=1)
        self._redis.expire(self._wake, 60)
        return events

    def leave(self, job: str) -> None:
        """Stop following `job`."""
        with self._lock:
            self._followed.pop(job, None)
            self._last.pop(_PREFIX + job, None)

    async def serve(self) -> None:
        """Read in a thread until cancelled; raises what ended the thread."""
        thread = threading.Thread(target=self._run, name="streams", daemon=True)
        thread.start()
        try:
            await self._failure
        finally:
            self._ended = True
            await asyncio.to_thread(thread.join, BLOCK_SECONDS + 1)

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001  # raised again by `serve`
            self._loop.call_soon_threadsafe(self._failure.set_exception, error)

    def _read(self) -> None:
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
                self._hand_over(name, entries, after=last[name])

    def _hand_over(self, name: str, entries: list[Entry], *, after: str) -> None:
        with self._lock:
            # A job followed anew during the read is read from its first event instead.
            if self._last.get(name) != after:
                return
            self._last[name] = entries[-1][0]
            events = self._followed.get(name.removeprefix(_PREFIX))
        if name == RELAY:
            self._loop.call_soon_threadsafe(self._on_new_job)
        elif events is not None:
            self._loop.call_soon_threadsafe(events.put, entries)


def _newest(redis: Redis) -> str:
    newest = cast(Any, redis.xrevrange(RELAY, count=1))
    return str(newest[0][0]) if newest else "0-0"
