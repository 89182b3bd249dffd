"""The Celery tasks, one for each kind of job: a delivered id goes to this process's `Attempts`.

Every process registers every task; a worker serves those whose `Attempts` it has handed to `serve`.
"""

import logging
from typing import Any

from celery import Task

from tasks.attempts.attempts import Attempts
from tasks.broker.celery_app import ROUTES, app
from tasks.broker.job import Kind

log = logging.getLogger(__name__)

_served: dict[Kind, Attempts] = {}


def serve(attempts: Attempts) -> None:
    """Let this process's task of that kind run `attempts`."""
    _served[attempts.kind] = attempts


class _JobTask(Task):  # type: ignore[misc]  # Celery has no types
    """The one place where an unexpected error of a job is logged and ends the job."""

    kind: Kind

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        log.error("job %s failed unexpectedly", args[0], exc_info=exc)
        if self.kind in _served:
            _served[self.kind].fail(args[0])


def _register(kind: Kind) -> None:
    name, queue = ROUTES[kind]

    @app.task(name=name, base=_JobTask, kind=kind)  # type: ignore[untyped-decorator]
    def run(id: str) -> None:
        if kind not in _served:
            raise RuntimeError(f"this worker does not serve {queue}")
        _served[kind].run(id)


for _kind in ROUTES:
    _register(_kind)
