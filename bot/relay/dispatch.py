"""Handing a stored job to the workers, and failing it where none of them can serve it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.relay.job_events import JobEvents
from tasks.broker.celery_app import ROUTES, publish
from tasks.broker.job import Event, Job
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers

WORKER_POLL_SECONDS = 5.0
"""How often a follower without news looks whether any worker can still serve its job."""


def enqueue(jobs: Jobs, job: Job, request: Mapping[str, Any]) -> None:
    """Give a new job its request and publish it."""
    # If this process dies between the two steps, a worker's sweep publishes the job.
    if jobs.enqueue(job.id, request):
        publish(job.id, job.kind)


def workers_for(jobs: Jobs, job: Job) -> list[Worker]:
    """Return the workers that serve jobs of this kind."""
    _, queue = ROUTES[job.kind]
    return [worker for worker in Workers(jobs.redis).all() if queue in worker.queues]


async def next_event(events: JobEvents, jobs: Jobs, job: Job) -> Event:
    """Wait for the next event of `job`; fail the job meanwhile if no worker can serve it."""
    while True:
        try:
            return await asyncio.wait_for(events.next(), WORKER_POLL_SECONDS)
        except TimeoutError:
            await asyncio.to_thread(_fail_without_workers, jobs, job)


def _fail_without_workers(jobs: Jobs, job: Job) -> None:
    """Fail a waiting job when there are workers and all of them failed to start."""
    workers = workers_for(jobs, job)
    if workers and all(worker.state == "failed" for worker in workers):
        jobs.end_unstarted(job.id, "failed", {"reason": workers[0].reason})
