"""A worker's attempts at jobs, against a real Valkey."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tasks.attempts.attempt import Attempt
from tasks.attempts.runner import JobRunner
from tasks.attempts.running import RunningAttempts
from tasks.broker.connection import AWAY
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tests.tasks.broker.lossy_proxy import lossy


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
