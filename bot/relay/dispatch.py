"""Handing a stored job to the workers, and failing it where none of them can serve it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from redis.exceptions import ConnectionError

from bot.relay.job_events import JobEvents
from tasks.broker.celery_app import ROUTES, publish
from tasks.broker.job import Event, Job
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers

WORKER_POLL_SECONDS = 5.0
"""How often a follower without news looks whether any worker can still serve its job."""

HOPELESS_SECONDS = 90.0
"""A waiting job fails when every worker on record has failed and none has been ready for so long.
Longer than a good worker is away while `swallow up` starts it again (after a minute at most), and
shorter than the entry of a failed worker stays on record (two minutes)."""


def enqueue(
    jobs: Jobs, job: Job, request: Mapping[str, Any], *, adapter: str | None = None
) -> None:
    """Give a new job its request, and another adapter if one is named, and publish it."""
    # If this process dies between the two steps, a worker's sweep publishes the job.
    if jobs.enqueue(job.id, request, revision=job.revision, adapter=adapter):
        publish(job.id, job.kind)


def check_handed_over(state: str) -> None:
    """Make sure, by its state, that a job that waits for workers is still known to them.

    Raises:
        ConnectionError: the broker lost its last second, in which the job was handed to the
            workers; its follower begins again, as after every time without a broker.
    """
    if state == "new":
        raise ConnectionError("the broker has forgotten that the job was handed to workers")


def workers_for(jobs: Jobs, job: Job) -> list[Worker]:
    """Return the workers that serve jobs of this kind."""
    _, queue = ROUTES[job.kind]
    return [worker for worker in Workers(jobs.redis).all() if queue in worker.queues]


class Outlook:
    """Whether a waiting job can still hope for a worker; one for each follower of a job.

    Of a worker that loads nobody knows yet: it is waited for, but it is no hope either, because one
    that fails is started again and again.
    """

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs = jobs
        self._job = job
        self._hoped_at = time.monotonic()

    async def next_event(self, events: JobEvents) -> Event:
        """Wait for the next event of the job; fail the job meanwhile if it is hopeless."""
        while True:
            try:
                return await asyncio.wait_for(events.next(), WORKER_POLL_SECONDS)
            except TimeoutError:
                await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Fail the job, if no worker has started it, after a lasting failure of all workers.

        Raises:
            ConnectionError: the broker has forgotten that the job was handed to the workers.
        """
        for job in self._jobs.states([self._job.id]):
            check_handed_over(job.state)
        _, queue = ROUTES[self._job.kind]
        workers = workers_for(self._jobs, self._job)
        failed = bool(workers) and all(worker.failed_for(queue) for worker in workers)
        if any(w.state != "loading" and not w.failed_for(queue) for w in workers):
            self._hoped_at = time.monotonic()
        if failed and time.monotonic() - self._hoped_at >= HOPELESS_SECONDS:
            self._jobs.end_unstarted(self._job.id, "failed", {"reason": workers[0].reason})
