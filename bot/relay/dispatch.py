"""Handing a stored job to the workers, and giving it up where none can serve it."""

from collections.abc import Mapping
from typing import Any

from tasks.broker.celery_app import ROUTES, publish
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers


def enqueue(jobs: Jobs, job: Job, request: Mapping[str, Any]) -> None:
    """Give a new job its request and publish it."""
    # If this process dies between the two steps, a worker's sweep publishes the job.
    if jobs.enqueue(job.id, request):
        publish(job.id, job.kind)


def workers_for(jobs: Jobs, job: Job) -> list[Worker]:
    """Return the workers that serve jobs of this kind."""
    _, queue = ROUTES[job.kind]
    return [worker for worker in Workers(jobs.redis).all() if queue in worker.queues]


def give_up_without_workers(jobs: Jobs, job: Job) -> None:
    """Fail a waiting job when every worker there is could not start."""
    workers = workers_for(jobs, job)
    if workers and all(worker.state == "failed" for worker in workers):
        jobs.end_unstarted(job.id, "failed", {"reason": workers[0].reason})
