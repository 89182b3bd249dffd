"""The adapters a worker cannot answer with; questions that name them are left to other workers.

An adapter of another base model is left to the workers with that model, through their own queue.
Any other reason, such as a full disk or files that nobody has published, may pass: the question
stays in the record, where a sweep publishes it again, and this worker leaves it alone for a while.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tasks.adapters.registry import Registry
from tasks.broker.celery_app import publish
from tasks.broker.job import JobState
from tasks.broker.jobs import Jobs
from trainer.adapters.adapter import check_base
from trainer.errors import AdapterRefused, NotWritable

RETRY_SECONDS = 60.0
"""How long an adapter is not tried again."""
MOST = 100
"""As many adapters are remembered, the latest."""


@dataclass(frozen=True)
class _Reason:
    sentence: str
    retry_at: float
    trained_on: str = ""
    """The base model the adapter needs, where that is the reason."""


class UnusableAdapters:
    """What one worker, which has loaded `model`, has found unusable."""

    def __init__(
        self,
        model: str,
        registry: Registry,
        jobs: Jobs,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._registry = registry
        self._jobs = jobs
        self._clock = clock
        self._reasons: dict[str, _Reason] = {}

    @property
    def sentences(self) -> dict[str, str]:
        """Why each adapter is unusable, by its reference."""
        return {adapter: reason.sentence for adapter, reason in self._reasons.copy().items()}

    def accepts(self, job: JobState) -> bool:
        """Tell whether this worker can answer `job`; one it cannot answer is left to others."""
        reason = self._reason(job.adapter)
        if reason is None:
            return True
        if reason.trained_on and self._jobs.leave_to_model(job.id, reason.trained_on):
            publish(job.id, job.kind, first=job.attempt > 0, model=reason.trained_on)
        return False

    def add(self, adapter: str, error: Exception, trained_on: str = "") -> _Reason:
        """Remember that `adapter` is unusable."""
        reason = _Reason(str(error), self._clock() + RETRY_SECONDS, trained_on)
        self._reasons.pop(adapter, None)
        self._reasons[adapter] = reason
        for old in list(self._reasons)[:-MOST]:
            self._reasons.pop(old, None)
        return reason

    def _reason(self, adapter: str) -> _Reason | None:
        """Return why `adapter` is unusable; its files are fetched here if need be."""
        known = self._reasons.get(adapter)
        if known is not None and self._clock() < known.retry_at:
            return known
        if not adapter:
            return None
        trained_on = ""
        try:
            found = self._registry.resolve(adapter)
            trained_on = found.trained_on
            check_base(found, self._model)
        except (AdapterRefused, NotWritable) as error:
            return self.add(adapter, error, trained_on)
        self._reasons.pop(adapter, None)
        return None
