"""How a worker runs jobs of one kind: a job is claimed, worked on, and ended or queued again.

This module does not know what is done for a job, nor how its id reaches the worker.
"""

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError

from tasks.attempts.attempt import Attempt
from tasks.attempts.running import RunningAttempts
from tasks.broker.celery_app import publish
from tasks.broker.job import Ending, Job, JobState, Kind
from tasks.broker.jobs import Jobs
from tasks.broker.leases import LEASE_MS

log = logging.getLogger(__name__)

Accepts = Callable[[JobState], bool]
"""Tells whether this worker can do a job that it was given; one it cannot do is left to others."""
Work = Callable[[Attempt, Job], None]
"""Does what a job asks for, and ends the job or returns it to the queue."""


class JobRunner:
    """Runs jobs of one kind for one worker; `work` is called for each attempt."""

    def __init__(
        self,
        kind: Kind,
        work: Work,
        *,
        jobs: Jobs,
        running: RunningAttempts,
        worker: str,
        accepts: Accepts | None = None,
        deadline_seconds: float = math.inf,
        lease_ms: int = LEASE_MS,
    ) -> None:
        self.kind = kind
        self.jobs = jobs
        self.running = running
        self.worker = worker
        self._work = work
        self._accepts = accepts
        self._deadline_seconds = deadline_seconds
        self._lease_ms = lease_ms

    def run(self, id: str) -> None:
        """Work on a job if it is still queued; a message for a job in any other state is dropped.

        A worker that is draining, or where the job may not begin now, puts the id back into the
        queue instead, and one that cannot do the job leaves it to others: a sweep of any worker
        publishes it again. An unexpected error ends the job, and is raised.
        """
        try:
            self._take(id)
        except RedisError as error:
            # The broker is away, or refuses writes because its disk is full, so that the job could
            # not even be failed. A claimed job's lease expires, and a sweep queues it again; the
            # next attempt starts over. A job that was not claimed is published again.
            log.warning("job %s: the broker is away or refuses: %s", id, type(error).__name__)

    def _take(self, id: str) -> None:
        states = self.jobs.states([id])
        if not states or states[0].state != "queued":
            return
        alone = states[0].suspect

        def wanted() -> bool:
            return not self.running.draining and self.jobs.keep_message(id)

        with self.running.admission.place(self.kind, alone=alone, wanted=wanted) as may_begin:
            if may_begin and not self.running.draining:
                # Asked before the claim, so that a job left to others is no attempt.
                if self._accepts is None or self._accepts(states[0]):
                    self._attempt(id, alone)
                return
        publish(id, self.kind, first=True, model=states[0].model)

    def _attempt(self, id: str, alone: bool) -> None:
        number = self.jobs.claim(id, self.worker, lease_ms=self._lease_ms, alone=alone)
        if number is None:
            return
        attempt = Attempt(
            id,
            number,
            kind=self.kind,
            deadline_seconds=self._deadline_seconds,
            lease_ms=self._lease_ms,
        )
        self.running.add(attempt)
        try:
            job = self.jobs.get(id)
            if job is not None and job.state == "running" and job.attempt == number:
                self._work(attempt, job)
        except RedisError:
            raise
        except Exception:
            with suppress(RedisError):  # its lease expires, and a sweep queues it again
                self.end(attempt, "failed", {"reason": "internal"})
            raise
        finally:
            self.running.remove(attempt)

    def end(self, attempt: Attempt, ending: Ending, data: Mapping[str, Any]) -> None:
        """Write the job's final event, unless this attempt has lost the job to another."""
        if not self.jobs.finish(attempt.job, attempt.number, ending, data):
            log.info("job %s: attempt %d no longer held it", attempt.job, attempt.number)

    def requeue(self, attempt: Attempt) -> None:
        """Return the job to the queue, before those that wait."""
        if self.jobs.requeue(attempt.job, attempt.number):
            publish(attempt.job, self.kind, first=True)
