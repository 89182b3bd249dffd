"""One attempt of a worker at one job, and why it should stop.

Reasons to stop: `cancelled` by a person, `lost` to another attempt, `deadline` passed, `draining`
because the worker stops. The heartbeat sets them; the engine asks through `should_stop`.
"""

import time
from typing import Literal

from tasks.broker.job import Kind
from tasks.broker.leases import LEASE_MS

Reason = Literal["cancelled", "lost", "deadline", "draining"]


class Attempt:
    """Attempt `number` at the job with the id `job`; its deadline counts from here."""

    def __init__(
        self,
        job: str,
        number: int,
        *,
        deadline_seconds: float,
        kind: Kind = "answer",
        lease_ms: int = LEASE_MS,
    ) -> None:
        self.job = job
        self.number = number
        self.kind = kind
        self.lease_ms = lease_ms
        self.reason: Reason | None = None
        self._deadline_seconds = deadline_seconds
        self._deadline = time.monotonic() + deadline_seconds

    def begin_part(self) -> None:
        """Let the deadline count from here: each part of the work may take as long as the whole."""
        self._deadline = time.monotonic() + self._deadline_seconds

    def stop(self, reason: Reason) -> None:
        """Ask the attempt to stop; the first reason stays."""
        self.reason = self.reason or reason

    def should_stop(self) -> bool:
        """Tell whether to stop; this is where the deadline is checked."""
        if self.reason is None and time.monotonic() > self._deadline:
            self.stop("deadline")
        return self.reason is not None
