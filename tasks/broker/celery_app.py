"""The Celery application, and how a job's id is put into its queue."""

import json
from typing import Any, cast

from celery import Celery
from celery.loaders.app import AppLoader
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tasks.broker.job import Kind


class InstalledLoader(AppLoader):  # type: ignore[misc]  # Celery has no types
    """Imports what is installed; Celery's own looks into the working directory first."""

    def import_from_cwd(self, module: str, imp: Any = None, package: str | None = None) -> Any:
        """Import `module`, not from the working directory."""
        return (imp or self.import_module)(module, package=package)


# The fixups look for a Django project in the working directory.
app = Celery("swallow", loader=InstalledLoader, fixups=())
app.config_from_object("tasks.broker.celery_config")

ROUTES: dict[Kind, tuple[str, str]] = {
    "answer": ("answers.run", "answers"),
    "plan": ("plans.run", "plans"),
    "train": ("training.run", "training"),
}
"""Task name and queue of each kind of job."""

# kombu keeps one Redis list for each priority step. The first list has the queue's own name; to the
# names of the others a separator and the step are appended.
_STEPS = ("", "\x06\x163")


def queue_of(kind: Kind, model: str = "") -> str:
    """Return the queue of a kind's jobs; with `model`, of those only workers with it can do."""
    _, queue = ROUTES[kind]
    return f"{queue}:{model}" if model else queue


def publish(id: str, kind: Kind, *, first: bool = False, model: str = "") -> None:
    """Put a job's id into its queue; `first` puts it before the ids that wait.

    Only the id travels: the request stays in the job's record.

    Raises:
        redis.exceptions.ConnectionError: the broker is away, one of `tasks.broker.connection.AWAY`.
    """
    task, _ = ROUTES[kind]
    try:
        app.send_task(
            task,
            args=[id],
            task_id=id,
            queue=queue_of(kind, model),
            priority=0 if first else 3,
            retry=True,
            retry_policy={"max_retries": 3, "interval_start": 0.1, "interval_step": 0.2},
        )
    except OperationalError as error:
        raise RedisConnectionError(str(error)) from error


def ids_in_queue(redis: Redis, kind: Kind, model: str = "") -> set[str]:
    """Return the ids of the jobs whose messages are in the queue that `queue_of` names."""
    queue = queue_of(kind, model)
    messages = [
        message for step in _STEPS for message in cast(Any, redis.lrange(queue + step, 0, -1))
    ]
    return {json.loads(message)["headers"]["id"] for message in messages}
