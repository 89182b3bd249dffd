"""What was noted an hour ahead, before the clock was set back, is not waited for."""

import time
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from tasks.broker.host_busy import is_busy, mark_busy
from tasks.broker.jobs import Jobs
from tasks.broker.leases import LEASES, TRAINING_LEASE_MS
from tasks.broker.relay_claims import TAKE_OVER_MS, Claims
from tasks.broker.workers import FAILED_MS, Worker, Workers
from tests.drills.broker import Broker
from tests.drills.machine import clock
from tests.patience import until

HOUR_MS = 3_600_000


def now(redis: Redis) -> int:
    """The broker's clock in milliseconds."""
    seconds, micros = cast(Any, redis.time())
    return int(seconds) * 1000 + int(micros) // 1000


def set_back(redis: Redis, key: str) -> None:
    """Let a key live as if it had been written before the clock was set back by an hour."""
    redis.pexpire(key, redis.pttl(key) + HOUR_MS)


def store(jobs: Jobs) -> None:
    jobs.create("a", "answer", destination={}, asked={"text": ""})
    jobs.enqueue("a", {})


def test_a_lease_given_before_ends_within_the_longest_lease(jobs: Jobs, redis: Redis) -> None:
    store(jobs)
    jobs.claim("a", "w")
    redis.zincrby(LEASES, HOUR_MS, "a")

    jobs.sweep()

    assert cast(float, redis.zscore(LEASES, "a")) <= now(redis) + TRAINING_LEASE_MS
    assert jobs.renew_lease("a", 1) == "ok"


def test_a_lost_message_published_before_is_published_again(jobs: Jobs, redis: Redis) -> None:
    store(jobs)
    redis.hincrby("swallow:job:a", "published", HOUR_MS)

    assert jobs.sweep() == ["a"]
    assert jobs.claim_publication("a")
    assert not jobs.claim_publication("a")
    assert jobs.sweep() == []


def test_a_claim_renewed_before_is_taken_over_in_time(tmp_path: Path) -> None:
    if clock.library() is None:
        pytest.skip("libfaketime is missing")
    fake = clock.Clock(tmp_path / "clock")
    fake.set(3600)
    broker = Broker(tmp_path, fake.settings)
    broker.start()

    def set_clock(seconds: int) -> None:
        """Set it, and wait until the broker sees it: now and then it does not at its next call."""
        fake.set(seconds)
        until(lambda: abs(now(broker.redis) / 1000 - time.time() - seconds) < 10)

    try:
        jobs = Jobs(broker.redis, keep_ms=60_000, queue_limit=5)
        store(jobs)
        dead, living = Claims(jobs, "dead"), Claims(jobs, "living")
        dead.prepare()
        (claim,) = dead.claim_new()
        set_clock(0)

        assert living.take_over_expired() == []
        set_clock(2 * TAKE_OVER_MS // 1000)
        assert living.take_over_expired() == [claim]
    finally:
        broker.stop()


def test_a_worker_announced_before_leaves_the_register_in_time(redis: Redis) -> None:
    workers = Workers(redis)
    workers.announce(Worker("w", ("answers",)))
    set_back(redis, "swallow:worker:w")

    workers.all()

    assert redis.pttl("swallow:worker:w") <= FAILED_MS


def test_a_training_does_not_wait_for_an_answer_of_before(redis: Redis) -> None:
    mark_busy(redis)
    assert is_busy(redis)
    (key,) = cast(list[str], redis.keys("swallow:busy:*"))
    set_back(redis, key)

    assert not is_busy(redis)
