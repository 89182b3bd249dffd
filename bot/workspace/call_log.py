"""The calls of the Web API that the bot made: counted always, limited where that is switched on.

The limits are those that Slack publishes. Of its "short bursts" of posts three are taken: Slack
warns that it may not show those of a longer one.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict, deque
from dataclasses import replace
from typing import Any

from bot.pace.rate_limits import RATE_LIMITS, RateLimit

POST_BURST = 3
CALLS_KEPT = 100_000
"""Of one method; older ones are forgotten."""


class CallLog:
    """The calls of one app. Times are seconds on the monotonic clock."""

    def __init__(self) -> None:
        self.is_limiting = False
        self._refused: Counter[str] = Counter()
        self._calls: defaultdict[str, deque[tuple[float, str]]] = defaultdict(
            lambda: deque(maxlen=CALLS_KEPT)
        )

    def take(self, method: str, channel: str) -> int:
        """Count a call. Returns 0, or the seconds after which a call that is refused may come."""
        now = time.monotonic()
        wait = max(
            (self._wait(method, channel, limit, now) for limit in _limits(method)), default=0
        )
        if self.is_limiting and wait > 0:
            self._refused[method] += 1
            return math.ceil(wait)
        self._calls[method].append((now, channel))
        return 0

    def shown(self) -> dict[str, Any]:
        """By method: all calls, the most within a minute and a second and channel, and refusals."""
        return {
            method: {
                "calls": len(calls),
                "most_in_a_minute": _most(calls, 60.0, by_channel=False),
                "most_in_a_second_and_channel": _most(calls, 1.0, by_channel=True),
                "refused": self._refused[method],
            }
            for method, calls in sorted(self._calls.items())
        }

    def _wait(self, method: str, channel: str, limit: RateLimit, now: float) -> float:
        times: list[float] = []
        for called, where in reversed(self._calls[method]):
            if called <= now - limit.seconds or len(times) == limit.calls:
                break
            if not limit.by_channel or where == channel:
                times.append(called)
        return times[-1] + limit.seconds - now if len(times) == limit.calls else 0.0


def _limits(method: str) -> tuple[RateLimit, ...]:
    return tuple(
        replace(limit, calls=limit.calls * POST_BURST, seconds=limit.seconds * POST_BURST)
        if limit.by_channel
        else limit
        for limit in RATE_LIMITS.get(method, ())
    )


def _most(calls: deque[tuple[float, str]], seconds: float, *, by_channel: bool) -> int:
    """Return the largest number of calls within any `seconds`."""
    windows: defaultdict[str, deque[float]] = defaultdict(deque)
    most = 0
    for called, channel in calls:
        window = windows[channel if by_channel else ""]
        window.append(called)
        while window[0] <= called - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
