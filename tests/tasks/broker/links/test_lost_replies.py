"""A call that the client repeats because its reply was lost counts as one call."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tasks.attempts.attempt import Attempt
from tasks.broker.jobs import Jobs
from tasks.broker.leases import LEASES, take
from tasks.queues.answer_text import AnswerText
from tests.tasks.broker.links.lossy_proxy import LossyProxy

STEPS = 400

LONG_MS = 10**9
"""No lease ends and no record expires meanwhile, however long a test takes."""


@pytest.fixture
def distant(distant_redis: Redis) -> Jobs:
    """The records of the same database, reached through the proxy."""
    return Jobs(distant_redis, keep_ms=LONG_MS, queue_limit=5)


def asked(jobs: Jobs, id: str = "a") -> str:
    return jobs.create(id, "answer", destination={"channel": "C1"}, asked={"text": "hi"})


def test_what_was_taken_by_a_call_whose_reply_was_lost_is_the_callers(
    distant_redis: Redis, redis: Redis, proxy: LossyProxy
) -> None:
    proxy.lose = 1
    assert take(distant_redis, "swallow:taken", LONG_MS)
    assert proxy.lost == 1
    assert not take(redis, "swallow:taken", LONG_MS)


def test_text_is_written_once(distant: Jobs, jobs: Jobs, proxy: LossyProxy) -> None:
    asked(jobs)
    jobs.enqueue("a", {"instruction": "hi"})
    assert jobs.claim("a", "w") == 1
    text = AnswerText(distant, Attempt("a", 1, deadline_seconds=60))

    text.add("ZERO ")
    proxy.lose = 1
    text.add("ONE")
    text.add(" TWO")

    assert proxy.lost == 1
    written = [event.data for event in jobs.events("a") if event.type == "text"]
    assert "".join(data["text"] for data in written) == "ZERO ONE TWO"
    assert [data["at"] for data in written] == [0, 5, 8]


def test_text_that_the_broker_forgot_is_written_again(jobs: Jobs, redis: Redis) -> None:
    asked(jobs)
    jobs.enqueue("a", {"instruction": "hi"})
    jobs.claim("a", "w")
    text = AnswerText(jobs, Attempt("a", 1, deadline_seconds=60))
    text.add("ZERO ")
    text.add("ONE")
    # As after a power failure: the last writes have not reached the disk.
    redis.xdel("swallow:events:a", jobs.events("a")[-1].id)
    redis.hset("swallow:job:a", "written", 5)

    text.add(" TWO")

    written = [event.data for event in jobs.events("a") if event.type == "text"]
    assert [(data["at"], data["text"]) for data in written] == [(0, "ZERO "), (5, "ONE TWO")]


def test_an_attempt_that_lost_its_job_is_stopped_by_its_next_piece(
    jobs: Jobs, redis: Redis
) -> None:
    asked(jobs)
    jobs.enqueue("a", {"instruction": "hi"})
    jobs.claim("a", "w")
    redis.zadd(LEASES, {"a": 1})
    jobs.sweep()
    attempt = Attempt("a", 1, deadline_seconds=60)

    AnswerText(jobs, attempt).add("from the dead")

    assert attempt.reason == "lost"


Call = Callable[[Jobs], Any]


class Life:
    """Draws what is done to a few jobs; the same seed draws the same."""

    def __init__(self, seed: int, redis: Redis) -> None:
        self._random = random.Random(seed)
        self._redis = redis
        self._made = 0

    def next(self, jobs: Jobs) -> tuple[str, Call]:
        """Draw a call, mostly one that the state of its job allows."""
        if self._made == 0 or self._random.random() < 0.1:
            self._made += 1
            id = f"job{self._made}"
            return "create", lambda jobs: asked(jobs, id)
        id = f"job{self._random.randint(max(1, self._made - 2), self._made)}"
        job = jobs.get(id)
        assert job is not None
        number = job.attempt
        written = int(str(self._redis.hget(f"swallow:job:{id}", "written") or 0))
        calls: dict[str, Call] = {
            "enqueue": lambda jobs: jobs.enqueue(id, {"instruction": "hi"}),
            "claim": lambda jobs: jobs.claim(id, "w", lease_ms=LONG_MS),
            "append": lambda jobs: jobs.append(id, number, "text", {"text": "もじ"}, at=written),
            "progress": lambda jobs: jobs.record_progress(id, number, {"step": 1}),
            "requeue": lambda jobs: jobs.requeue(id, number),
            "finish": lambda jobs: jobs.finish(id, number, "finished", {"tokens": written}),
            "cancel": lambda jobs: jobs.cancel(id, "U1"),
            "end": lambda jobs: jobs.end_unstarted(id, "failed", {"reason": "internal"}),
            "posts": lambda jobs: jobs.record_posts(id, {"messages": [str(written)]}),
            "renew": lambda jobs: jobs.renew_lease(id, number, lease_ms=LONG_MS),
            "expire": lambda jobs: jobs.expire_lease(id, number),
            "sweep": lambda jobs: jobs.sweep(),
            "publish": lambda jobs: jobs.claim_publication(id),
        }
        usual = {"new": "enqueue", "queued": "claim", "running": "append"}.get(job.state, "sweep")
        name = self._random.choice([*calls, *[usual] * 10])
        return name, calls[name]


def lived(seed: int, jobs: Jobs, redis: Redis, through: Jobs, proxy: LossyProxy | None) -> Any:
    """Let jobs live; return every reply and what is on record at the end, without times."""
    redis.flushdb()
    life, losses = Life(seed, redis), random.Random(seed)
    replies = []
    for _ in range(STEPS):
        name, call = life.next(jobs)
        lose = losses.choice([0, 0, 1, 2])
        if proxy is not None:
            proxy.lose = lose
        replies.append((name, call(through)))
    timed = ("created", "started", "begun", "ended", "published")
    records = {
        job.id: (
            {
                key: value
                for key, value in sorted(redis.hgetall(f"swallow:job:{job.id}").items())
                if key not in timed
            },
            [
                (event.attempt, event.type, event.data)
                for event in jobs.events(job.id)
                if event.type != "progress"
            ],
        )
        for job in jobs.all_states()
    }
    return replies, records


@pytest.mark.parametrize("seed", range(3))
def test_jobs_live_as_if_no_reply_had_been_lost(
    seed: int,
    distant: Jobs,
    jobs: Jobs,
    redis: Redis,
    proxy: LossyProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No message is overdue: only those never published are. And a sweep shortens no lease.
    monkeypatch.setattr("tasks.broker.jobs.PUBLISH_GRACE_MS", LONG_MS)
    monkeypatch.setattr("tasks.broker.jobs.TRAINING_LEASE_MS", LONG_MS)
    jobs.keep_ms = LONG_MS

    expected = lived(seed, jobs, redis, jobs, None)
    got = lived(seed, jobs, redis, distant, proxy)

    assert proxy.lost > STEPS / 4
    assert got == expected
    assert len({fields["state"] for fields, _ in expected[1].values()}) > 2
