"""What a person has asked within a day: how many questions within a minute, how many are open.

Each question is counted by its job's id, so that asking about one of them again counts nothing
twice. Knows no Slack; whether there is a limit is decided by the caller.
"""

from typing import cast

from redis import Redis

from tasks.broker.job import Job, asker_of
from tasks.broker.jobs import Jobs

MINUTE_MS = 60_000
DAY_MS = 24 * 3_600_000


def asked_within_a_minute(jobs: Jobs, job: Job) -> int:
    """Count a question; returns how many its person has asked in the minute up to and with it.

    One that waits no more, for instance because its person was forgotten, is not counted.

    Raises:
        RedisError: the broker is away.
    """
    return int(jobs.run_script("count_question", job.id, _key(job), MINUTE_MS, DAY_MS))


def asked_lately(jobs: Jobs, user: str) -> tuple[int, int]:
    """Return how many questions a person has asked within the last minute, and how many are open.

    Raises:
        RedisError: the broker is away.
    """
    seconds, microseconds = jobs.redis.time()
    now = seconds * 1000 + microseconds // 1000
    # What is still to come was noted before the clock was set back.
    asked = int(jobs.redis.zcount(_key_of(user), f"({now - MINUTE_MS}", now))
    return asked, sum(asker_of(where) == user for _, _, where in jobs.open_destinations("answer"))


def asked_today(redis: Redis, user: str) -> list[str]:
    """Return the jobs of the questions that a person has asked within a day, the newest first."""
    return list(cast(list[str], redis.zrevrange(_key_of(user), 0, -1)))


def forget_asked(redis: Redis, user: str) -> None:
    """Remove what is kept of a person here."""
    redis.delete(_key_of(user))


def uncount(redis: Redis, job: Job) -> None:
    """Take back the count of a question that was refused."""
    redis.zrem(_key(job), job.id)


def open_before(jobs: Jobs, job: Job) -> int:
    """Return how many earlier questions of the same person have not ended."""
    user = asker_of(job.destination)
    return sum(
        asker_of(where) == user and (created, id) < (job.created, job.id)
        for id, created, where in jobs.open_destinations("answer")
    )


def _key(job: Job) -> str:
    return _key_of(str(job.destination["user"]))


def _key_of(user: str) -> str:
    return f"swallow:asked:{user}"
