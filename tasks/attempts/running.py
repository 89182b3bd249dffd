"""The attempts that run in this worker now, which may begin, and whether the worker is draining.

A draining worker is about to stop: it takes no more jobs, and what still runs after some seconds is
asked to stop.
"""

import threading
import time

from tasks.attempts.admission import Admission
from tasks.attempts.attempt import Attempt


class RunningAttempts:
    """Every attempt of this worker, by its job; used by all of its threads."""

    def __init__(self, *, drain_seconds: float) -> None:
        self.admission = Admission()
        self._drain_seconds = drain_seconds
        self._attempts: dict[str, Attempt] = {}
        self._lock = threading.Lock()
        self._stop_at: float | None = None

    @property
    def draining(self) -> bool:
        """Whether the worker takes no more jobs."""
        return self._stop_at is not None

    def drain(self) -> None:
        """Take no more jobs; attempts that run have `drain_seconds` to finish."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._drain_seconds

    def check_drain(self) -> None:
        """Ask every attempt that still runs to stop when the drain time is over."""
        if self._stop_at is not None and time.monotonic() > self._stop_at:
            for attempt in self.all():
                attempt.stop("draining")

    def add(self, attempt: Attempt) -> None:
        """Add an attempt that begins."""
        with self._lock:
            self._attempts[attempt.job] = attempt

    def remove(self, attempt: Attempt) -> None:
        """Remove an attempt that has ended."""
        with self._lock:
            # By now a newer attempt of this worker at the same job may have the entry: it stays.
            if self._attempts.get(attempt.job) is attempt:
                del self._attempts[attempt.job]

    def all(self) -> list[Attempt]:
        """Return the attempts that run now."""
        with self._lock:
            return list(self._attempts.values())
