"""Counters that only grow, kept in the broker: they outlive processes and cover every host.

One hash. What scripts count as they change a job: `ended:KIND:STATE`, `lost:KIND` (expired leases),
`tokens` (of ended answers), `first_text:BOUND` and `first_text_ms`. What bots add: `calls:METHOD`
and `retries:METHOD` of Slack's Web API, and `undelivered:KIND`: final messages that reached nobody.
"""

from collections.abc import Mapping
from typing import cast

from redis import Redis

from tasks.broker.jobs import Jobs

COUNTERS = "swallow:counters"

FIRST_TEXT_BOUNDS = ("0.5", "1", "2", "5", "10", "20", "30", "60", "120", "300", "600")
"""Upper bounds, in seconds, of the classes into which the waits for the first text are counted."""


def note_first_text(jobs: Jobs, id: str) -> None:
    """Count how long the first text of a job took, from its creation; later calls do nothing."""
    jobs.run_script("note_first_text", id, *FIRST_TEXT_BOUNDS)


def counted(redis: Redis) -> dict[str, int]:
    """Return every counter that is not 0."""
    values = cast(dict[str, str], redis.hgetall(COUNTERS))
    return {name: int(value) for name, value in values.items()}


def add(redis: Redis, amounts: Mapping[str, int]) -> None:
    """Add to several counters at once."""
    with redis.pipeline() as pipe:
        for name, amount in amounts.items():
            pipe.hincrby(COUNTERS, name, amount)
        pipe.execute()
