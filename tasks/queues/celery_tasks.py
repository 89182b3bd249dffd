"""The Celery tasks, one for each kind of job: a delivered id goes to this process's `JobRunner`.

Every process registers every task; a worker runs those whose runner it has handed to `serve`.
"""

import logging
from typing import Any

from celery import Task

from tasks.attempts.runner import JobRunner
from tasks.broker.celery_app import ROUTES, app
from tasks.broker.job import Kind

log = logging.getLogger(__name__)

_runners: dict[Kind, JobRunner] = {}


def serve(runner: JobRunner) -> None:
    """Let the tasks of the runner's kind, delivered to this process, be run by `runner`."""
    _runners[runner.kind] = runner


class _JobTask(Task):  # type: ignore[misc]  # Celery has no types
    """The one place where an unexpected error of a job is logged; its runner has ended the job."""

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        log.error("job %s failed unexpectedly", args[0], exc_info=exc)


def _register(kind: Kind) -> None:
    name, queue = ROUTES[kind]

    @app.task(name=name, base=_JobTask)  # type: ignore[untyped-decorator]
    def run(id: str) -> None:
        if kind not in _runners:
            raise RuntimeError(f"this worker does not serve {queue}")
        _runners[kind].run(id)


for _kind in ROUTES:
    _register(_kind)
