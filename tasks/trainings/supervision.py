"""A trainer process from its start to its end: its progress recorded, paused for answers, stopped.

This module decides when the process is paused or stopped; what its end means for the job is decided
by the queue's task.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from tasks.attempts.attempt import Attempt
from tasks.attempts.running import RunningAttempts
from tasks.broker.connection import AWAY
from tasks.broker.host_busy import is_busy
from tasks.broker.jobs import Jobs
from tasks.trainings.pause import PausePolicy
from tasks.trainings.snapshot import Snapshot
from tasks.trainings.trainer_process import TrainerProcess

log = logging.getLogger(__name__)

SUPERVISE_SECONDS = 0.05
"""How long to wait for an event before the host and the job are looked at again."""
RECORD_SECONDS = 1.0
"""Progress is recorded at most this often, except for what people should see at once."""


class Supervision:
    """One trainer process under supervision; it runs for `attempt`."""

    def __init__(
        self,
        jobs: Jobs,
        running: RunningAttempts,
        attempt: Attempt,
        process: TrainerProcess,
        snapshot: Snapshot,
    ) -> None:
        self._jobs = jobs
        self._running = running
        self._attempt = attempt
        self._process = process
        self._snapshot = snapshot
        self._pause_policy = PausePolicy()
        self._recorded_at = 0.0

    def until_end(self) -> dict[str, Any]:
        """Supervise until the process has ended, or another attempt has the job.

        Returns the process's last event that says how it ended: `finished`, `failed` or
        `interrupted`; an empty dictionary where it ended without one.
        """
        last: dict[str, Any] = {}
        self._record()
        while self._process.exit_code() is None:
            if self._stopping():
                if self._attempt.reason == "lost":
                    break
                self._process.stop()
            else:
                self._pause_while_busy()
            event = self._process.next_event(SUPERVISE_SECONDS)
            if event is not None:
                if event.get("event") in ("finished", "failed", "interrupted"):
                    last = event
                self._take(event)
        return last

    def _stopping(self) -> bool:
        if self._running.draining:
            self._attempt.stop("draining")
        return self._attempt.should_stop()

    def _pause_while_busy(self) -> None:
        try:
            busy = is_busy(self._jobs.redis)
        except AWAY:
            busy = False  # without a broker no question can reach this host
        self._process.set_paused(self._pause_policy.should_pause(busy))
        if self._snapshot.set_paused(self._process.paused):
            self._record()

    def _take(self, event: Mapping[str, Any]) -> None:
        urgent = self._snapshot.take(event)
        if urgent or time.monotonic() - self._recorded_at >= RECORD_SECONDS:
            self._record(saved=event.get("event") == "checkpoint")

    def _record(self, *, saved: bool = False) -> None:
        self._recorded_at = time.monotonic()
        values = self._snapshot.values
        job, number = self._attempt.job, self._attempt.number
        try:
            if not self._jobs.record_progress(job, number, values, saved=saved):
                self._attempt.stop("lost")
        except RedisError as error:
            # The broker is away, or refuses writes because its disk is full. The training goes on;
            # whether this attempt still has the job is found out when the broker answers again.
            log.warning("job %s: progress was not recorded: %s", job, type(error).__name__)
