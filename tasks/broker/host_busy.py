"""Whether a question is being answered on this host: what a training makes room for.

One key per host that expires by itself, so that a worker that dies holds nobody up for long.
"""

import socket

from redis import Redis

BUSY_MS = 5_000
"""Also a pause in a conversation: a training does not start and stop between two questions."""


def mark_busy(redis: Redis) -> None:
    """Say that this host is answering now."""
    redis.set(_key(), "1", px=BUSY_MS)


def is_busy(redis: Redis) -> bool:
    """Tell whether this host has been answering in the last five seconds."""
    return bool(redis.exists(_key()))


def _key() -> str:
    return f"swallow:busy:{socket.gethostname()}"
