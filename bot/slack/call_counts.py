"""How often each method of the Web API was called and repeated, for the metrics.

Counted in memory, where nothing can delay a call, and added to the broker's counters every few
seconds: what is counted while the broker is away is added when it is back.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal

from redis import Redis
from redis.exceptions import RedisError

from bot.background import repeating
from tasks.broker.counters import add

KEEP_SECONDS = 5.0


class CallCounts:
    """The counts of one client that are not in the broker yet."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, what: Literal["calls", "retries"], method: str) -> None:
        """Count one."""
        self._counts[f"{what}:{method}"] += 1

    @asynccontextmanager
    async def kept(self, redis: Redis) -> AsyncIterator[None]:
        """Add the counts to the broker's for as long as the context lasts, and at its end."""
        keep = partial(self._keep, redis)
        try:
            async with repeating("counting calls", keep, pause=KEEP_SECONDS):
                yield
        finally:
            await keep()

    async def _keep(self, redis: Redis) -> None:
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await asyncio.to_thread(add, redis, counts)
        except Exception as error:
            self._counts += counts
            if not isinstance(error, RedisError):
                raise
