"""Slack's message timestamps: "seconds.microseconds" as text, which also identify a message.

They are compared as whole microseconds, because a float cannot tell two neighbours apart.
"""

from __future__ import annotations

import time


def microseconds_of(ts: str) -> int:
    """The timestamp in microseconds since 1970. Raises ValueError if it is not a number."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])


def timestamp_of(microseconds: int) -> str:
    """The timestamp of a moment in microseconds since 1970."""
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def now_in_microseconds() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def age_of(ts: str) -> float:
    """How many seconds ago `ts` was."""
    return (now_in_microseconds() - microseconds_of(ts)) / 1_000_000
