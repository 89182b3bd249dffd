"""Whether a question is being answered on this host, during which its training is paused.

One key per host, which expires: a worker that dies while it answers pauses the training for five
seconds at most. A host is its running kernel, whose cores all its containers share, not its name:
containers of one host have different names, and hosts may share one.
"""

import socket
from functools import cache
from pathlib import Path

from redis import Redis

BUSY_MS = 5_000
"""Longer than the pause between two questions that follow each other closely: the training is not
paused and continued for each."""


def mark_busy(redis: Redis) -> None:
    """Mark this host as answering now."""
    redis.set(_key(), "1", px=BUSY_MS)


def is_busy(redis: Redis) -> bool:
    """Tell whether this host has been answering in the last five seconds."""
    # A mark that lives longer was set before the clock was set back.
    return 0 < redis.pttl(_key()) <= BUSY_MS


def _key() -> str:
    return f"swallow:busy:{_host()}"


@cache
def _host() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:  # not Linux
        return socket.gethostname()
