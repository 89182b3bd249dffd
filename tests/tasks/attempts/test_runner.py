"""A worker's attempts at jobs, against a real Valkey."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tasks.attempts.attempt import Attempt
from tasks.attempts.runner import JobRunner, Work
from tasks.attempts.running import RunningAttempts
from tasks.broker.celery_app import ROUTES, app
from tasks.broker.connection import AWAY
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.leases import LEASES
from tasks.queues import celery_tasks
from tasks.settings import settings
from tests.tasks.broker.links.lossy_proxy import lossy


def queued(jobs: Jobs, id: str) -> str:
    jobs.create(id, "answer", destination={}, asked={"text": "hi"})
    assert jobs.enqueue(id, {"instruction": "hi"})
    return id


def state(jobs: Jobs, id: str) -> str:
    job = jobs.get(id)
    assert job is not None
    return job.state


class Worker:
    """A worker's runner of questions; `work` notes them, and waits where it is told to."""

    def __init__(self, jobs: Jobs) -> None:
        self.running = RunningAttempts(drain_seconds=1)
        self.worked: list[str] = []
        self.runner = JobRunner("answer", self._work, jobs=jobs, running=self.running, worker="w")

    def _work(self, attempt: Attempt, job: Job) -> None:
        self.worked.append(job.id)
        self.runner.end(attempt, "finished", {})


def test_a_broker_that_is_lost_during_a_claim_does_not_end_the_job(jobs: Jobs, valkey: str) -> None:
    queued(jobs, "a")
    with lossy(valkey) as proxy:
        client = Redis.from_url(
            proxy.url, decode_responses=True, retry=Retry(NoBackoff(), 2), retry_on_error=list(AWAY)
        )
        worker = Worker(Jobs(client, keep_ms=60_000, queue_limit=5))
        proxy.lose = 3

        worker.runner.run("a")
        client.close()

    assert proxy.lost == 3
    assert worker.worked == []
    assert state(jobs, "a") == "running", "its lease expires, and it is queued again"


@pytest.fixture
def celery(valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What Celery's tasks read, for this test alone."""
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    monkeypatch.setattr(celery_tasks, "_runners", {})
    settings.cache_clear()
    yield
    settings.cache_clear()


def run_in_celery(runner: JobRunner, id: str) -> None:
    """Run a job's Celery task in this process, with all that Celery does when it fails."""
    celery_tasks.serve(runner)
    task, _ = ROUTES[runner.kind]
    app.tasks[task].apply(args=[id])


def runner_that(work: Work, jobs: Jobs) -> JobRunner:
    running = RunningAttempts(drain_seconds=1)
    return JobRunner("answer", work, jobs=jobs, running=running, worker="w")


@pytest.mark.usefixtures("celery")
def test_an_unexpected_error_ends_the_job(jobs: Jobs) -> None:
    def work(attempt: Attempt, job: Job) -> None:
        raise RuntimeError("unexpected")

    run_in_celery(runner_that(work, jobs), queued(jobs, "a"))

    assert state(jobs, "a") == "failed"
    assert jobs.events("a")[-1].data == {"reason": "internal"}


@pytest.mark.usefixtures("celery")
def test_a_late_error_of_a_lost_attempt_leaves_the_newer_one_of_the_same_worker_alone(
    jobs: Jobs, redis: Redis
) -> None:
    def work(attempt: Attempt, job: Job) -> None:
        redis.zadd(LEASES, {"a": 1})
        jobs.sweep()
        assert jobs.claim("a", "w") == 2
        raise RuntimeError("late")

    run_in_celery(runner_that(work, jobs), queued(jobs, "a"))

    assert state(jobs, "a") == "running"
    assert jobs.finish("a", 2, "finished", {})
