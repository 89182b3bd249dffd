"""How many questions a person has asked within a minute, and how many of them are open.

Each question is counted by its job's id, so that asking about one of them again counts nothing
twice. Knows no Slack; whether there is a limit is decided by the caller.
"""

import json
from typing import Any, cast

from redis import Redis

from tasks.broker.job import Job

MINUTE_MS = 60_000


def asked_within_a_minute(redis: Redis, job: Job) -> int:
    """Count a question; returns how many its person has asked in the minute up to and with it.

    Raises:
        RedisError: the broker is away.
    """
    key = _key(job)
    with redis.pipeline() as pipe:
        pipe.zadd(key, {job.id: job.created}, nx=True)
        pipe.zremrangebyscore(key, "-inf", job.created - 2 * MINUTE_MS)
        pipe.zcount(key, f"({job.created - MINUTE_MS}", job.created)
        pipe.pexpire(key, 2 * MINUTE_MS)
        return int(pipe.execute()[2])


def uncount(redis: Redis, job: Job) -> None:
    """Take back the count of a question that was refused."""
    redis.zrem(_key(job), job.id)


def open_before(redis: Redis, job: Job) -> int:
    """Return how many earlier questions of the same person have not ended."""
    ids = cast(list[str], redis.zrange("swallow:open:answer", 0, -1))
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hmget(f"swallow:job:{id}", "place", "created")
        found = cast(list[list[str | None]], pipe.execute())
    places = zip(ids, found, strict=True)
    return sum(_is_before(job, id, place, created) for id, (place, created) in places)


def _is_before(job: Job, id: str, place: str | None, created: str | None) -> bool:
    if id == job.id or not place or not created:
        return False
    earlier = (int(created), id) < (job.created, job.id)
    destination: dict[str, Any] = json.loads(place)
    return earlier and destination.get("user") == job.destination["user"]


def _key(job: Job) -> str:
    return f"swallow:asked:{job.destination['team']}:{job.destination['user']}"
