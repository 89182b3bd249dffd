"""A worker's attempts at jobs, whatever their kind: taken, ended, given back.

Also the Celery tasks: a delivered id goes to whoever serves its kind in this process. This module
does not know what is done for a job.
"""

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from celery import Task

from tasks.attempts.running import Running, RunningJobs
from tasks.broker.celery_app import ROUTES, app, publish
from tasks.broker.connection import AWAY
from tasks.broker.jobs import LEASE_MS, Ending, Job, Jobs, Kind

log = logging.getLogger(__name__)

Work = Callable[[Running, Job], None]


class Attempts:
    """What one worker does for jobs of one kind: `work` does it, and ends or returns the job."""

    def __init__(
        self,
        kind: Kind,
        work: Work,
        *,
        jobs: Jobs,
        running: RunningJobs,
        worker: str,
        deadline_seconds: float = math.inf,
        lease_ms: int = LEASE_MS,
    ) -> None:
        self.kind = kind
        self.jobs = jobs
        self.running = running
        self.worker = worker
        self._work = work
        self._deadline_seconds = deadline_seconds
        self._lease_ms = lease_ms

    def run(self, id: str) -> None:
        """Work on a job, if it is still queued; a message for any other state is dropped."""
        if self.running.draining:
            publish(id, self.kind, first=True)
            return
        attempt = self.jobs.claim(id, self.worker, lease_ms=self._lease_ms)
        job = self.jobs.get(id)
        if attempt is None or job is None:
            return
        running = Running(
            id,
            attempt,
            kind=self.kind,
            deadline_seconds=self._deadline_seconds,
            lease_ms=self._lease_ms,
        )
        self.running.add(running)
        try:
            self._work(running, job)
        except AWAY:
            # The lease runs out and the next worker begins again.
            log.warning("job %s: the broker went away in the middle of it", id)
        finally:
            self.running.remove(running)

    def end(self, running: Running, ending: Ending, data: Mapping[str, Any]) -> None:
        """Write the final event, unless the job is another attempt's by now."""
        if not self.jobs.finish(running.job, running.attempt, ending, data):
            log.info("job %s: attempt %d no longer held it", running.job, running.attempt)

    def give_back(self, running: Running) -> None:
        """Return the job to the queue, before those that wait."""
        if self.jobs.give_back(running.job, running.attempt):
            publish(running.job, self.kind, first=True)

    def fail(self, id: str) -> None:
        """End a running job after an unexpected error."""
        job = self.jobs.get(id)
        if job is not None and job.state == "running" and job.worker == self.worker:
            self.jobs.finish(id, job.attempt, "failed", {"reason": "internal"})


_served: dict[Kind, Attempts] = {}


def serve(attempts: Attempts) -> None:
    """Let this process's task of that kind use `attempts`."""
    _served[attempts.kind] = attempts


class _JobTask(Task):  # type: ignore[misc]  # Celery has no types
    """The one place where an unexpected error of a job ends up."""

    kind: Kind

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        log.error("job %s failed unexpectedly", args[0], exc_info=exc)
        if self.kind in _served:
            _served[self.kind].fail(args[0])


def _register(kind: Kind) -> None:
    name, queue = ROUTES[kind]

    @app.task(name=name, base=_JobTask, kind=kind)  # type: ignore[untyped-decorator]
    def run(id: str) -> None:
        if kind not in _served:
            raise RuntimeError(f"this worker does not serve {queue}")
        _served[kind].run(id)


for _kind in ROUTES:
    _register(_kind)
