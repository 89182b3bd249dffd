"""Expired texts leave the broker's disk: its files are written anew without them.

Redis and Valkey append every write to a file, or save snapshots, and what has expired stays in them
until they are rewritten. Workers ask for that, one of all in turn, whoever runs the broker.
"""

import json
import logging
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)

REWRITE_SECONDS = 2700
"""Between two rewrites: with the time that a rewrite takes, texts are gone within the hour."""
RETRY_SECONDS = 60
"""After a turn whose worker died, or that found the broker busy with its files."""

_TURN = "swallow:rewrite"
_LAST = "swallow:rewrite:last"


@dataclass(frozen=True)
class Rewrite:
    """What came of the last turn: `at` in seconds since the epoch, `refused` is the broker's reason
    for not taking the command, empty where it did."""

    at: float
    refused: str = ""


def rewrite_in_turn(redis: Redis) -> None:
    """Rewrite in the background if that is due and no other worker does it.

    Raises:
        RedisError: the broker is away.
    """
    if redis.set(_TURN, "1", nx=True, ex=RETRY_SECONDS):
        # A database shared with others may be large, and the caller renews leases.
        threading.Thread(target=_take_turn, args=(redis,), name="rewrite", daemon=True).start()


def rewrite_now(redis: Redis) -> None:
    """Rewrite now, and once more at the next worker's turn, when what still runs has ended.

    Raises:
        RedisError: the broker is away.
    """
    try:
        rewrite(redis)
    except ResponseError as error:
        log.info("the broker does not rewrite its files now: %s", error)
    redis.delete(_TURN)


def last_rewrite(redis: Redis) -> Rewrite | None:
    """Return what came of the last turn; None before the first."""
    value = cast(str | None, redis.get(_LAST))
    return Rewrite(**json.loads(value)) if value else None


def rewrite(redis: Redis) -> None:
    """Ask the broker to write its files anew without what has expired; it does so by itself.

    Raises:
        ResponseError: it refuses, or is busy with its files.
    """
    # A rewrite takes along keys that have expired and were not touched since: a scan removes them.
    for _ in redis.scan_iter("swallow:*", count=1000):
        pass
    if cast(Any, redis.info("persistence"))["aof_enabled"]:
        redis.bgrewriteaof()
    if _saves_snapshots(redis):
        # With a schedule it waits for the rewrite of the other file.
        redis.bgsave(schedule=True)


def _saves_snapshots(redis: Redis) -> bool:
    try:
        return bool(cast(Any, redis.config_get("save"))["save"])
    except ResponseError:
        return True  # the broker does not say: at worst one snapshot more


def _take_turn(redis: Redis) -> None:
    refused = ""
    try:
        try:
            rewrite(redis)
        except ResponseError as error:
            if "in progress" in str(error):
                return
            refused = str(error)
            log.warning("the broker does not rewrite its files: %s", refused)
        redis.set(_LAST, json.dumps(asdict(Rewrite(time.time(), refused))))
        redis.expire(_TURN, REWRITE_SECONDS)
    except Exception as error:  # noqa: BLE001 - the worker may close the client at any moment
        log.warning("the broker's files were not rewritten: %s", type(error).__name__)
