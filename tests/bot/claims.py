"""The relays' claims, as tests look at them and hand them over."""

from typing import Any, cast

from redis import Redis

from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import GROUP, RELAY, unanswered
from tests.bot.conftest import until


def claims(redis: Redis) -> list[Any]:
    """Return the claims that relays have: `message_id`, `consumer`, `times_delivered` of each."""
    return cast(list[Any], redis.xpending_range(RELAY, GROUP, min="-", max="+", count=10))


def give_claims(redis: Redis, name: str, deliveries: int | None = None) -> None:
    """Let the relay `name`, which starts afterwards, have all claims; after so many deliveries."""
    for row in claims(redis):
        redis.xclaim(RELAY, GROUP, name, 0, [row["message_id"]], retrycount=deliveries)


async def delivered(jobs: Jobs) -> None:
    """Wait until every claim is completed: nothing more will be posted."""

    async def look() -> bool:
        return not unanswered(jobs.redis)

    await until(look, "the end of the claim")
