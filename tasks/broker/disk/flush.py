"""When the broker's disk has what the broker was told, and why that may never be.

A person is told that something is stored only after `flush`: then a power failure does not take it
back. An operator may have chosen a broker that does not flush: it is used all the same, and
`weakness` says what that costs.
"""

import logging
import threading
from typing import Any, Literal

from redis import Redis
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)

FLUSH_MS = 1500
"""How long the disk may take: longer than the second between two flushes, and less than the two
seconds of a call."""

_MARK = "swallow:flush"

Weakness = Literal["", "no_file", "never_flushed", "not_told", "forbidden"]

ADVICE: dict[Weakness, tuple[str, str]] = {
    "no_file": (
        "it keeps no file of what it is told (appendonly no)",
        "Whoever stops it loses questions: set appendonly yes and appendfsync everysec.",
    ),
    "never_flushed": (
        "it does not flush its file (appendfsync no, or no-appendfsync-on-rewrite yes)",
        "A power failure takes questions that were acknowledged, and each is acknowledged late: "
        "set appendfsync everysec and no-appendfsync-on-rewrite no.",
    ),
    "not_told": (
        "it cannot say when its disk has a question (it knows no WAITAOF)",
        "A power failure takes the questions of its last second: "
        "use Valkey, or Redis 7.2 or newer.",
    ),
    "forbidden": (
        "it may not be asked when its disk has a question",
        "A power failure takes the questions of its last second: allow WAITAOF.",
    ),
}
"""What each weakness is, and what to do about it."""


def flush(redis: Redis) -> None:
    """Return when everything that the broker was told before would outlive a power failure.

    One that does not mean to flush is waited for in vain, and then used as it is.

    Raises:
        RedisTimeoutError: its disk did not take it in time.
    """
    flushed = _wait_for_flush(redis)
    if isinstance(flushed, list) and not flushed[0] and _means_to_flush(redis):
        raise RedisTimeoutError("The broker has not flushed its file in time.")


def weakness(redis: Redis) -> Weakness:
    """Return why a power failure takes what the broker was told; empty where it does not."""
    flushed = _wait_for_flush(redis)
    if isinstance(flushed, Exception):
        if "appendonly" in str(flushed):
            return "no_file"
        return "not_told" if "unknown command" in str(flushed) else "forbidden"
    return "" if flushed[0] or _means_to_flush(redis) else "never_flushed"


def log_weakness(redis: Redis) -> None:
    """Write it into the log; in the background, because it takes a second to find out."""

    def look() -> None:
        try:
            found = weakness(redis)
        except RedisError as error:
            log.warning("the broker's disk is not known: %s", type(error).__name__)
            return
        if found:
            log.warning("the broker is not safe from a power failure: %s. %s", *ADVICE[found])

    threading.Thread(target=look, name="disk", daemon=True).start()


def _wait_for_flush(redis: Redis) -> Any:
    """Return how many files have it now, 0 or 1, as a list's first; or how the broker refuses."""
    # WAITAOF waits for what its own connection has written, so that has to be the newest of all:
    # the file has everything in order. One pipeline is one connection, also when it is repeated.
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.set(_MARK, "", px=1000)
        pipeline.waitaof(1, 0, FLUSH_MS)
        marked, flushed = pipeline.execute(raise_on_error=False)
    if isinstance(marked, Exception):
        raise marked
    return flushed


def _means_to_flush(redis: Redis) -> bool:
    """Tell whether a flush is under way, as one must be after a second; asked after `FLUSH_MS`.

    Not by CONFIG, which brokers run by others forbid. One that tells nothing of itself means to.
    """
    try:
        persistence: Any = redis.info("persistence")
    except ResponseError:
        return True
    return int(persistence.get("aof_pending_bio_fsync", 1)) > 0
