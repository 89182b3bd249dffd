"""A worker under real Celery and a real Valkey, with an engine that a test commands."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from redis import Redis
from redis.client import PubSub

from tasks.broker.celery_app import ids_in_queue
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tests.patience import SECONDS, until


@pytest.fixture
def celery_events(redis: Redis) -> Iterator[PubSub]:
    """What Celery tells everybody about its workers from now on."""
    with redis.pubsub(ignore_subscribe_messages=True) as events:  # type: ignore[no-untyped-call]
        events.psubscribe("*celeryev*")
        assert events.get_message(timeout=SECONDS) is None  # the subscription itself
        yield events


@pytest.fixture
def worker(redis: Redis, valkey: str, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """A running worker; returns what it says of itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tasks.scripted_worker", "w"],
        env={**os.environ, "SWALLOW_REDIS_URL": valkey, "SWALLOW_HOME": str(tmp_path)},
        cwd=Path(__file__).parents[2],
    )

    def announced() -> Worker:
        return next(iter(Workers(redis).all()), Worker("none", ()))

    until(lambda: announced().state == "ready")
    yield announced
    redis.set("test:go", 1)
    process.terminate()
    assert process.wait(SECONDS) == 0


def ask(jobs: Jobs, redis: Redis, *ids: str, suspect: bool = False) -> None:
    """Store questions; the worker's sweep publishes them."""
    for id in ids:
        jobs.create(id, "answer", destination={}, asked={"text": "hi"})
        assert jobs.enqueue(id, {"instruction": id})
        redis.hset(f"swallow:job:{id}", mapping={"published": 0, "suspect": int(suspect)})


def begun(redis: Redis) -> list[str]:
    """Return which questions have begun, each with how many ran then."""
    return cast(list[str], redis.lrange("test:begun", 0, -1))


def states(jobs: Jobs) -> dict[str, str]:
    return {job.id: job.state for job in jobs.all_states()}


def test_suspects_run_one_at_a_time_with_nothing_beside_them(
    worker: Callable[[], Worker], jobs: Jobs, redis: Redis
) -> None:
    ask(jobs, redis, "a", "b")
    until(lambda: len(begun(redis)) == 2)
    ask(jobs, redis, "s1", suspect=True)
    # Published by a sweep, and then again and again kept from that by the worker that holds it.
    until(lambda: _published(redis, "s1") > 0)
    published = _published(redis, "s1")
    until(lambda: _published(redis, "s1") > published)
    ask(jobs, redis, "s2", suspect=True)
    ask(jobs, redis, "c")
    redis.set("test:go:a", 1)
    until(lambda: states(jobs)["a"] == "finished")
    assert len(begun(redis)) == 2, "b still runs"

    redis.set("test:go", 1)

    until(lambda: set(states(jobs).values()) == {"finished"}, lambda: states(jobs))
    alone = {line for line in begun(redis) if line.startswith("s")}
    assert alone == {"s1 1", "s2 1"}
    assert len(begun(redis)) == 5
    jobs_alone = {job.id for job in jobs.all_states() if job.alone}
    assert jobs_alone == {"s1", "s2"}


def _published(redis: Redis, id: str) -> int:
    return int(str(redis.hget(f"swallow:job:{id}", "published")))


def test_a_worker_whose_generating_process_keeps_dying_says_so_and_takes_nothing(
    worker: Callable[[], Worker], jobs: Jobs, redis: Redis
) -> None:
    redis.set("test:broken", 1)
    ask(jobs, redis, "first")

    until(lambda: worker().state == "failed", worker)

    assert worker().reason == "generator"
    assert "takes no more questions" in worker().detail
    ask(jobs, redis, "second")
    until(lambda: _waiting_messages(redis) == 2, worker)
    assert {job.id: (job.state, job.lost) for job in jobs.all_states()} == {
        "first": ("queued", 1),
        "second": ("queued", 0),
    }

    redis.delete("test:broken")
    redis.set("test:go", 1)

    until(lambda: set(states(jobs).values()) == {"finished"}, lambda: states(jobs))
    until(lambda: worker().state == "ready", worker)


def _waiting_messages(redis: Redis) -> int:
    """Count the messages that lie in the queue although the worker is idle."""
    return len(ids_in_queue(redis, "answer"))


def test_celery_sends_no_heartbeats_that_its_event_loop_would_wait_for(
    celery_events: PubSub, worker: Callable[[], Worker], jobs: Jobs, redis: Redis
) -> None:
    ask(jobs, redis, "a")
    redis.set("test:go", 1)
    until(lambda: states(jobs) == {"a": "finished"})

    # The first would have been sent before the worker was ready.
    assert celery_events.get_message() is None
    assert worker().state == "ready"
