"""The events of a job reach whoever follows it, whole and in order; against a real Valkey."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from redis import Redis

from bot.relay.event_streams import EventStreams
from tasks.broker.jobs import Jobs
from tests.patience import SECONDS


class Interrupted:
    """Reads like a client; after a read that found something `then` is called, once."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.then: Callable[[], object] | None = None

    def xread(self, streams: Any, block: int) -> Any:
        found = self.redis.xread(streams, block=block)
        if found and self.then is not None:
            then, self.then = self.then, None
            then()
        return found


def begun(jobs: Jobs) -> None:
    jobs.create("a", "answer", destination={}, asked={"text": ""})
    jobs.enqueue("a", {})
    jobs.claim("a", "w")


async def test_a_job_followed_anew_during_a_read_is_read_from_its_first_event(
    jobs: Jobs, redis: Redis
) -> None:
    blocking = Interrupted(redis)
    loop = asyncio.get_running_loop()
    streams = EventStreams(cast(Redis, blocking), redis, loop, lambda: None)
    begun(jobs)
    queues = [streams.follow("a")]
    serving = asyncio.create_task(streams.serve())
    try:
        async with asyncio.timeout(SECONDS):
            assert (await queues[0].next()).type == "started"
            # The next read is under way when the job gets a follower anew.
            blocking.then = lambda: queues.append(streams.follow("a"))
            jobs.append("a", 1, "text", {"text": "ZERO"}, at=0)
            while len(queues) < 2:
                await asyncio.sleep(0)
            jobs.append("a", 1, "text", {"text": " ONE"}, at=4)

            events = [await queues[1].next() for _ in range(3)]
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert [event.type for event in events] == ["started", "text", "text"]
