"""The worker's heartbeat: a thread that renews leases, sees cancellations, sweeps and announces.

It knows nothing of models: it beats on while the model loads and while an answer is generated.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tasks.attempts.attempt import Attempt
from tasks.attempts.running import RunningAttempts
from tasks.attempts.stranded import StrandedQuestions
from tasks.broker.celery_app import ids_in_queue, publish
from tasks.broker.connection import AWAY, no_writes
from tasks.broker.host_busy import mark_busy
from tasks.broker.job import JobState
from tasks.broker.jobs import Jobs
from tasks.broker.leases import RENEW_SECONDS, SWEEP_SECONDS
from tasks.broker.workers import Worker, Workers
from tasks.privacy.expired_texts import rewrite_in_turn

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.25
"""How often each running job is checked for a cancellation, so that it stops within a second."""
MARK_BUSY_SECONDS = 1.0
"""How often the host is marked busy while it answers; the mark lasts five seconds."""


class _Step(NamedTuple):
    """What a beat does: named for the log, at most once in so many seconds."""

    what: str
    seconds: float
    do: Callable[[], None]


class Heartbeat(threading.Thread):
    """Beats until `end` is called; a step that fails is tried again at the next beat.

    Nothing ends it earlier: its jobs would go to another worker while this one works on, and no
    cancellation would arrive, although the process looks healthy.
    """

    def __init__(
        self, jobs: Jobs, workers: Workers, running: RunningAttempts, report: Callable[[], Worker]
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._jobs = jobs
        self._workers = workers
        self._running = running
        self._report = report
        self._stranded = StrandedQuestions(jobs)
        self._ended = threading.Event()
        self._renewed: dict[str, float] = {}
        self._away = False
        self._failing: set[str] = set()
        self._due: dict[str, float] = {}
        self._steps = (
            _Step("mark this host busy", MARK_BUSY_SECONDS, self._mark_busy),
            _Step("announce this worker", RENEW_SECONDS, self._announce),
            _Step("sweep", SWEEP_SECONDS, self._sweep),
            _Step("remove expired texts", SWEEP_SECONDS, partial(rewrite_in_turn, jobs.redis)),
        )

    def run(self) -> None:
        """Beat."""
        while not self._ended.wait(BEAT_SECONDS):
            self._running.check_drain()
            self._set_away(not self._beat(time.monotonic()))

    def _beat(self, now: float) -> bool:
        """Do what is due; False where the broker is away or takes no writes, and the rest waits."""
        leases = [
            _Step(f"keep the lease of job {attempt.job}", 0, partial(self._check, attempt, now))
            for attempt in self._running.all()
        ]
        return all(
            self._reached_broker(step, now)
            for step in [*leases, *self._steps]
            if now >= self._due.get(step.what, 0)
        )

    def _reached_broker(self, step: _Step, now: float) -> bool:
        """Do a step; an unexpected error is logged once until the step succeeds again."""
        try:
            step.do()
        except Exception as error:
            if isinstance(error, AWAY) or no_writes(error):
                return False
            if step.what not in self._failing:
                log.exception("the heartbeat goes on, but cannot %s", step.what)
            self._failing.add(step.what)
        else:
            self._failing.discard(step.what)
        if step.seconds:
            self._due[step.what] = now + step.seconds
        return True

    def _mark_busy(self) -> None:
        if any(attempt.kind == "answer" for attempt in self._running.all()):
            mark_busy(self._jobs.redis)

    def _announce(self) -> None:
        self._workers.announce(self._report())

    def _sweep(self) -> None:
        self._stranded.end(sweep(self._jobs), self._workers.all())

    def end(self) -> None:
        """Stop beating and take the worker out of the register, unless it says why it failed."""
        self._ended.set()
        self.join(timeout=5)
        try:
            if self._report().state != "failed":
                self._workers.leave(self._report().name)
        except AWAY:
            log.warning("the broker is away; this worker's entry in the register will expire")

    def _check(self, attempt: Attempt, now: float) -> None:
        """Renew a job's lease when that is due, and stop the attempt if it is not to go on."""
        due = now - self._renewed.get(attempt.job, 0.0) >= RENEW_SECONDS
        if due:
            state = self._jobs.renew_lease(attempt.job, attempt.number, lease_ms=attempt.lease_ms)
            self._renewed = {job: at for job, at in self._renewed.items() if now - at < 60}
            self._renewed[attempt.job] = now
        else:
            state = self._jobs.check_lease(attempt.job, attempt.number)
        if state == "cancel":
            attempt.stop("cancelled")
        elif state == "lost":
            attempt.stop("lost")

    def _set_away(self, away: bool) -> None:
        if away != self._away:
            log.warning("the broker is away, or takes no writes" if away else "the broker is back")
        self._away = away


def sweep(jobs: Jobs) -> list[JobState]:
    """Queue the jobs of dead workers again, and publish queued jobs without a message.

    Returns the queued jobs that were published longer ago, with a message or without.
    """
    waiting = jobs.states(jobs.sweep())
    queues = {(job.kind, job.model) for job in waiting}
    in_queue = {queue: ids_in_queue(jobs.redis, *queue) for queue in queues}
    for job in waiting:
        if job.id not in in_queue[job.kind, job.model] and jobs.claim_publication(job.id):
            log.info("job %s is published again", job.id)
            publish(job.id, job.kind, first=job.attempt > 0, model=job.model)
    return waiting
