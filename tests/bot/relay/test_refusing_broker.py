"""A broker that takes no writes for a while: no follower of a job fails on it."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Person, Serve, job_of, until
from tests.bot.questions.test_follower import ANSWERED, ask

REFUSE: dict[str, Callable[[Redis], object]] = {
    "memory": lambda redis: redis.config_set("maxmemory", 1),
    "replica": lambda redis: redis.replicaof("127.0.0.1", 1),
}


def take_writes(redis: Redis) -> None:
    redis.config_set("maxmemory", 0)
    redis.replicaof("no", "one")


@pytest.fixture
def broker(redis: Redis) -> Iterator[Redis]:
    yield redis
    take_writes(redis)


@pytest.mark.parametrize("refuse", REFUSE.values(), ids=REFUSE)
async def test_an_answer_waits_until_the_broker_takes_writes_again(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    broker: Redis,
    caplog: pytest.LogCaptureFixture,
    refuse: Callable[[Redis], object],
) -> None:
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        # Slack asks the bot to wait with its post, and meanwhile the broker begins to refuse.
        person.workspace.faults.set({"rate_limit": {"chat.postMessage": 1}})
        jobs.finish(job.id, 1, "finished", ANSWERED)

        async def is_waiting() -> bool:
            return not person.workspace.faults.shown()["rate_limit"]

        await until(is_waiting, "the post that has to wait")
        refuse(broker)

        async def is_noticed() -> bool:
            return f"job {job.id}: " in caplog.text

        await until(is_noticed, "that the broker refuses")
        take_writes(broker)
        await delivered(jobs)

    assert "following it failed" not in caplog.text
    assert len(await person.replies(ts)) == 1
