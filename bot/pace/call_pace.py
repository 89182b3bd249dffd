"""The pace of all calls of one client: each waits until its method has room at Slack's rates.

What Slack refuses all the same, because other clients of the app call too, is waited out: no call
of that method is made until then. Knows nothing of what is posted; how text shares what room there
is decides `edit_pace`.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from bot.pace.rate_limits import RateLimit

MARGIN = 1.02
"""A call may reach Slack later than the one behind it by so much of a limit's seconds."""

LOOK_AGAIN_SECONDS = 1.0
"""The longest sleep: other calls may end or begin meanwhile."""

Key = tuple[str, int, str]
"""A method, which of its limits, and the channel, empty for the whole workspace."""


async def until_none(seconds_left: Callable[[], float]) -> None:
    """Wait until there are no seconds left; there may be more or fewer than it seemed before."""
    while True:
        seconds = seconds_left()
        if seconds <= 0:
            return
        await asyncio.sleep(min(seconds, LOOK_AGAIN_SECONDS))


class CallPace:
    """Calls pass in the order in which they ask, at the rates of `limits`; others at once."""

    def __init__(self, limits: Mapping[str, tuple[RateLimit, ...]]) -> None:
        self._limits = limits
        self._calls: dict[Key, deque[float]] = {}
        self._held_until: dict[str, float] = {}
        self._lines: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[tuple[str, str], int] = defaultdict(int)

    @property
    def is_limited(self) -> bool:
        """Whether there are limits at all."""
        return bool(self._limits)

    async def wait_for_turn(self, method: str, channel: str = "") -> None:
        """Wait until the call may be made, and count it."""
        if method not in self._limits:
            return
        line = self._line(method, channel)
        self._waiting[line] += 1
        try:
            async with self._lines[line]:
                await until_none(partial(self.seconds_until_room, method, channel))
                now = time.monotonic()
                for key, _ in self._keys(method, channel):
                    self._calls[key].append(now)
        finally:
            self._waiting[line] -= 1
            if not self._waiting[line]:
                del self._waiting[line], self._lines[line]

    def hold(self, method: str, seconds: float) -> None:
        """Make no call of this method for so long: Slack has said so."""
        if method in self._limits:
            until = time.monotonic() + seconds
            self._held_until[method] = max(until, self._held_until.get(method, 0.0))

    def waiting(self, method: str, channel: str = "") -> int:
        """Return how many calls wait for their turn."""
        return self._waiting.get(self._line(method, channel), 0)

    def seconds_until_room(self, method: str, channel: str = "", *, for_calls: int = 1) -> float:
        """Return when so many calls could be made at once, by what was called until now.

        Infinite for more calls than a limit has.
        """
        now = time.monotonic()
        wait = max(0.0, self._held_until.get(method, 0.0) - now)
        for key, limit in self._keys(method, channel):
            calls, seconds = self._calls[key], limit.seconds * MARGIN
            while calls and calls[0] <= now - seconds:
                calls.popleft()
            too_many = len(calls) + for_calls - limit.calls
            if too_many > len(calls):
                return float("inf")
            if too_many > 0:
                wait = max(wait, calls[too_many - 1] + seconds - now)
        return wait

    def seconds_each(self, method: str, kept: int) -> float:
        """Return the pace at which what `kept` calls leave of a method's limit is used up evenly.

        0 for a method without a limit.
        """
        paces = (
            limit.seconds * MARGIN / max(1, limit.calls - kept)
            for limit in self._limits.get(method, ())
        )
        return max(paces, default=0.0)

    def _line(self, method: str, channel: str) -> tuple[str, str]:
        by_channel = any(limit.by_channel for limit in self._limits.get(method, ()))
        return method, channel if by_channel else ""

    def _keys(self, method: str, channel: str) -> Iterator[tuple[Key, RateLimit]]:
        for index, limit in enumerate(self._limits.get(method, ())):
            key = (method, index, channel if limit.by_channel else "")
            if key not in self._calls:
                self._calls[key] = deque()
            yield key, limit
