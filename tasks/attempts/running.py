"""What a worker is doing now, and why one of its attempts should stop.

Reasons: `cancelled` by a person, `lost` to another attempt, `deadline`, `draining` because the
worker stops. The pulse sets them, the engine asks for them through `should_stop`.
"""

import threading
import time
from typing import Literal

from tasks.broker.job import Kind
from tasks.broker.leases import LEASE_MS

Reason = Literal["cancelled", "lost", "deadline", "draining"]


class Running:
    """One attempt at one job."""

    def __init__(
        self,
        job: str,
        attempt: int,
        *,
        deadline_seconds: float,
        kind: Kind = "answer",
        lease_ms: int = LEASE_MS,
    ) -> None:
        self.job = job
        self.attempt = attempt
        self.kind = kind
        self.lease_ms = lease_ms
        self.reason: Reason | None = None
        self._deadline = time.monotonic() + deadline_seconds

    def stop(self, reason: Reason) -> None:
        """Ask the attempt to stop; the first reason stays."""
        self.reason = self.reason or reason

    def should_stop(self) -> bool:
        """Tell the engine whether to stop; the deadline is looked at here."""
        if self.reason is None and time.monotonic() > self._deadline:
            self.stop("deadline")
        return self.reason is not None


class RunningJobs:
    """Every attempt of this worker, and whether the worker is stopping."""

    def __init__(self, *, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self._jobs: dict[str, Running] = {}
        self._lock = threading.Lock()
        self._drained_at: float | None = None

    @property
    def draining(self) -> bool:
        """Whether the worker takes no more jobs."""
        return self._drained_at is not None

    def drain(self) -> None:
        """Take no more jobs; what runs has some seconds to finish."""
        if self._drained_at is None:
            self._drained_at = time.monotonic() + self._drain_seconds

    def check_drain(self) -> None:
        """Stop what still runs when the seconds are over."""
        if self._drained_at is not None and time.monotonic() > self._drained_at:
            for running in self.all():
                running.stop("draining")

    def add(self, running: Running) -> None:
        """Note an attempt that begins."""
        with self._lock:
            self._jobs[running.job] = running

    def remove(self, running: Running) -> None:
        """Forget an attempt that ended."""
        with self._lock:
            # A newer attempt of this worker at the same job keeps its place.
            if self._jobs.get(running.job) is running:
                del self._jobs[running.job]

    def all(self) -> list[Running]:
        """Return the attempts that run now."""
        with self._lock:
            return list(self._jobs.values())
