"""Questions that no worker on record can answer, such as one whose adapter's model nobody serves.

They wait, because the worker that can may be starting again; after a lasting time they end with the
reason. Every worker keeps this time by itself: the first whose time is over ends the question.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from tasks.broker.job import JobState
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, answering, can_answer

log = logging.getLogger(__name__)

STRANDED_SECONDS = 180.0
"""Longer than a host takes to start again and to announce its worker."""


class StrandedQuestions:
    """Since when each question is stranded, by the clock of this process."""

    def __init__(self, jobs: Jobs, clock: Callable[[], float] = time.monotonic) -> None:
        self._jobs = jobs
        self._clock = clock
        self._since: dict[str, float] = {}

    def end(self, waiting: Sequence[JobState], workers: Sequence[Worker]) -> None:
        """End those of the `waiting` jobs that have been stranded for too long.

        Where no worker answers at all, nobody has refused anything, and they wait.
        """
        able = answering(list(workers))
        stranded = {
            job.id: job
            for job in waiting
            if able and job.adapter and not any(can_answer(worker, job) for worker in able)
        }
        now = self._clock()
        self._since = {id: self._since.get(id, now) for id in stranded}
        for id, job in stranded.items():
            if now - self._since[id] >= STRANDED_SECONDS:
                why = _why(job, able)
                log.warning("job %s: no worker can answer it: %s", id, why)
                self._jobs.end_unstarted(id, "failed", why)


def _why(job: JobState, workers: Sequence[Worker]) -> dict[str, Any]:
    """Return the data of the final event."""
    right = [worker for worker in workers if not job.model or worker.model == job.model]
    if not right:
        return {"reason": "adapter_model", "model": job.model}
    detail = next((why for each in right if (why := each.refused.get(job.adapter))), "")
    return {"reason": "adapter", "detail": detail}
