"""The attempts that run in this worker now, and why one of them should stop.

Reasons to stop: `cancelled` by a person, `lost` to another attempt, `deadline` passed, `draining`
because the worker stops. The heartbeat sets them; the engine asks through `should_stop`.
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
        """Tell the engine whether to stop; this is where the deadline is checked."""
        if self.reason is None and time.monotonic() > self._deadline:
            self.stop("deadline")
        return self.reason is not None


class RunningJobs:
    """Every attempt of this worker, and whether the worker is draining, that is about to stop."""

    def __init__(self, *, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self._jobs: dict[str, Running] = {}
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
        """Stop every attempt that still runs when the drain time is over."""
        if self._stop_at is not None and time.monotonic() > self._stop_at:
            for running in self.all():
                running.stop("draining")

    def add(self, running: Running) -> None:
        """Add an attempt that begins."""
        with self._lock:
            self._jobs[running.job] = running

    def remove(self, running: Running) -> None:
        """Remove an attempt that has ended."""
        with self._lock:
            # By now a newer attempt of this worker at the same job may have the entry: it stays.
            if self._jobs.get(running.job) is running:
                del self._jobs[running.job]

    def all(self) -> list[Running]:
        """Return the attempts that run now."""
        with self._lock:
            return list(self._jobs.values())
