"""The trainings of this host that can be resumed: without an adapter, and not being worked on.

A training is being worked on while a job for it is open, or a process (such as `swallow train` at a
terminal) holds its lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.settings import Settings
from trainer.errors import TrainingMissing
from trainer.training_folder import RemovedRows, Training, step_of, unfinished


@dataclass(frozen=True)
class Resumable:
    """A training's id, the output it was begun for, and the step of its newest checkpoint.

    With `removed` it cannot be resumed any more, which whoever tries is told.
    """

    training: str
    output: str
    step: int
    steps: int | None
    removed: RemovedRows | None = None

    @property
    def options(self) -> dict[str, str]:
        """The options of a job that resumes it; all others are stored in the training's folder."""
        return {"output": self.output}


def resumable(settings: Settings, jobs: Jobs) -> list[Resumable]:
    """Return the trainings that can be resumed, the one last worked on first."""
    with_job = {training_of(job) for job in jobs.open("train")}
    idle = [
        training
        for training in unfinished(settings.home)
        if training.id not in with_job and not training.is_busy
    ]
    return [entry for training in idle if (entry := _about(training))]


def training_of(job: Job) -> str:
    """Return the id of a job's training, also of a job that has no request yet."""
    request: Mapping[str, Any] = job.request or job.asked.get("request") or {}
    return str(request.get("training", ""))


def _about(training: Training) -> Resumable | None:
    try:
        settings: Mapping[str, Any] = training.settings
        removed = training.removed_rows
    except TrainingMissing:  # its options cannot be read
        return None
    checkpoint = training.newest_checkpoint()
    step = step_of(checkpoint) if checkpoint else 0
    output = str(settings.get("output", "")).rpartition("/")[2]
    return Resumable(training.id, output, step, settings.get("steps"), removed)
