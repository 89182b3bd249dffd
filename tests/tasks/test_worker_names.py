"""Workers as processes of their own: which jobs a new one takes for those of a dead predecessor."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from tasks.broker.jobs import Jobs
from tasks.broker.workers import Workers
from tests.patience import SECONDS, until

LONG_MS = 2000 * SECONDS
"""A lease that does not expire by itself during the test."""


@contextmanager
def worker(valkey: str, *options: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tasks.cli", "worker", "--queues", "plans", *options],
        env={**os.environ, "SWALLOW_REDIS_URL": valkey},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def ready(redis: Redis, count: int) -> list[str]:
    """Wait until so many workers are ready, and return their names."""

    def names() -> list[str]:
        return [worker.name for worker in Workers(redis).all() if worker.state == "ready"]

    until(lambda: len(names()) == count, lambda: f"{names()} are ready")
    return names()


def claimed(jobs: Jobs, by: str) -> None:
    """Create a job that runs on a worker."""
    jobs.create("job", "plan", destination={}, asked={"text": ""})
    jobs.enqueue("job", {"options": {}})
    assert jobs.claim("job", by, lease_ms=LONG_MS) == 1


def test_a_worker_of_the_same_name_leaves_the_others_jobs_alone(
    valkey: str, redis: Redis, jobs: Jobs
) -> None:
    with worker(valkey, "--name", "one name"):
        (first,) = ready(redis, 1)
        claimed(jobs, first)
        with worker(valkey, "--name", "one name"):
            assert len(set(ready(redis, 2))) == 2

            job = jobs.get("job")
            assert job is not None
            assert (job.state, job.worker, job.attempt, job.lost) == ("running", first, 1, 0)


def test_a_worker_that_is_started_again_frees_the_jobs_of_the_one_that_died(
    valkey: str, redis: Redis, jobs: Jobs
) -> None:
    with worker(valkey, "--run", "abcd"):
        (name,) = ready(redis, 1)
    claimed(jobs, name)
    redis.delete(f"swallow:worker:{name}")

    with worker(valkey, "--run", "abcd"):

        def lost() -> bool:
            job = jobs.get("job")
            return job is not None and job.lost == 1

        until(lost)
