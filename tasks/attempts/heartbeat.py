"""The worker's pulse: a thread that keeps leases, sees cancellations, sweeps and reports.

It knows nothing of models; it goes on while an answer is generated and while the model loads.
"""

import logging
import threading
import time
from collections.abc import Callable

from redis.exceptions import RedisError

from tasks.attempts.running import Running, RunningJobs
from tasks.broker.celery_app import publish, waiting
from tasks.broker.connection import AWAY
from tasks.broker.host_busy import mark_busy
from tasks.broker.jobs import RENEW_SECONDS, SWEEP_SECONDS, Jobs
from tasks.broker.workers import Worker, Workers

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.25
"""How often cancellations are looked for; a running answer stops within a second."""
BUSY_SECONDS = 1.0


class Pulse(threading.Thread):
    """Beats until `end` is called; a broker that is away is tried again on the next beat."""

    def __init__(
        self, jobs: Jobs, workers: Workers, running: RunningJobs, report: Callable[[], Worker]
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self._jobs = jobs
        self._workers = workers
        self._running = running
        self._report = report
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
                for running in self._running.all():
                    self._beat(running, now)
                if now >= busy_at and any(one.kind == "answer" for one in self._running.all()):
                    mark_busy(self._jobs.redis)
                    busy_at = now + BUSY_SECONDS
                if now >= report_at:
                    self._workers.announce(self._report())
                    report_at = now + RENEW_SECONDS
                if now >= sweep_at:
                    sweep(self._jobs)
                    sweep_at = now + SWEEP_SECONDS
            except RedisError:
                self._note_away(True)
            else:
                self._note_away(False)

    def end(self) -> None:
        """Stop beating and take the worker out of the register."""
        self._ended.set()
        self.join(timeout=5)
        try:
            if self._report().state != "failed":
                self._workers.leave(self._report().name)
        except AWAY:
            log.warning("the broker is away; the register forgets this worker by itself")

    def _beat(self, running: Running, now: float) -> None:
        due = now - self._renewed.get(running.job, 0.0) >= RENEW_SECONDS
        if due:
            answer = self._jobs.renew(running.job, running.attempt, lease_ms=running.lease_ms)
            self._renewed = {job: at for job, at in self._renewed.items() if now - at < 60}
            self._renewed[running.job] = now
        else:
            answer = self._jobs.look(running.job, running.attempt)
        if answer == "cancel":
            running.stop("cancelled")
        elif answer == "lost":
            running.stop("lost")

    def _note_away(self, away: bool) -> None:
        if away != self._away:
            log.warning("the broker is away" if away else "the broker is back")
        self._away = away


def sweep(jobs: Jobs) -> None:
    """Queue again what died, and publish queued jobs whose message is not in the queue."""
    doubtful = [job for id in jobs.sweep() if (job := jobs.get(id))]
    lying = {kind: waiting(jobs.redis, kind) for kind in {job.kind for job in doubtful}}
    for job in doubtful:
        if job.id not in lying[job.kind] and jobs.may_publish(job.id):
            log.info("job %s is published again", job.id)
            publish(job.id, job.kind, first=job.attempt > 0)
