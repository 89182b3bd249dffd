"""The worker's heartbeat: a thread that renews leases, sees cancellations, sweeps and announces.

It knows nothing of models: it beats on while the model loads and while an answer is generated.
"""

import logging
import threading
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from tasks.attempts.attempt import Attempt
from tasks.attempts.running import RunningAttempts
from tasks.attempts.stranded import StrandedQuestions
from tasks.broker.celery_app import ids_in_queue, publish
from tasks.broker.connection import AWAY
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


class Heartbeat(threading.Thread):
    """Beats until `end` is called; while the broker is away each beat tries again."""

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

    def run(self) -> None:
        """Beat."""
        sweep_at = report_at = busy_at = 0.0
        while not self._ended.wait(BEAT_SECONDS):
            now = time.monotonic()
            self._running.check_drain()
            try:
                for attempt in self._running.all():
                    self._check(attempt, now)
                if now >= busy_at and any(
                    attempt.kind == "answer" for attempt in self._running.all()
                ):
                    mark_busy(self._jobs.redis)
                    busy_at = now + MARK_BUSY_SECONDS
                if now >= report_at:
                    self._workers.announce(self._report())
                    report_at = now + RENEW_SECONDS
                if now >= sweep_at:
                    self._stranded.end(sweep(self._jobs), self._workers.all())
                    rewrite_in_turn(self._jobs.redis)
                    sweep_at = now + SWEEP_SECONDS
            except RedisError:
                self._set_away(True)
            else:
                self._set_away(False)

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
            log.warning("the broker is away" if away else "the broker is back")
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
