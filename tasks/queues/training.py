"""The task of queue `training`: one training, run as a child process, and how its job ends.

The job ends when its training has finished, failed or was cancelled; otherwise the next attempt
continues from the checkpoint. This module knows no Slack, and of the training only its events.
"""

import logging
from collections.abc import Mapping
from typing import Any

from tasks.attempts.attempt import Attempt
from tasks.attempts.runner import JobRunner
from tasks.attempts.running import RunningAttempts
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.leases import TRAINING_LEASE_MS
from tasks.errors import DatasetUnknown, NoFeedback
from tasks.settings import Settings
from tasks.trainings.arguments import arguments
from tasks.trainings.final_event import finished, without_data, without_rows
from tasks.trainings.snapshot import Snapshot
from tasks.trainings.supervision import Supervision
from tasks.trainings.trainer_process import TrainerProcess
from trainer.adapters.names import free_folder
from trainer.errors import DataUnusable, NotWritable
from trainer.training_folder import Training

log = logging.getLogger(__name__)


class Trainings:
    """What a worker needs to train."""

    def __init__(
        self, jobs: Jobs, running: RunningAttempts, settings: Settings, worker: str
    ) -> None:
        self.jobs = jobs
        self.settings = settings
        self.running = running
        self.runner = JobRunner(
            "train",
            self._train,
            jobs=jobs,
            running=running,
            worker=worker,
            lease_ms=TRAINING_LEASE_MS,
        )

    def _train(self, attempt: Attempt, job: Job) -> None:
        training = Training(self.settings.home / "trainings" / job.request["training"])
        if data := finished(training, job):
            # An earlier attempt wrote the adapter, but could not write the final event.
            self.runner.end(attempt, "finished", data)
            return
        if removed := training.removed_rows:
            training.give_up(removed)
            self.runner.end(attempt, "failed", without_rows(removed))
            return
        try:
            command = self._arguments(job, training)
        except (DatasetUnknown, NoFeedback) as error:
            self.runner.end(attempt, "failed", without_data(error))
            return
        except (DataUnusable, NotWritable) as error:
            self.runner.end(attempt, "failed", {"reason": "training", "detail": str(error)})
            return
        snapshot = Snapshot(training.id, self._output(job), attempt.number, job.progress)
        process = TrainerProcess(command)
        log.info("job %s: training %s runs as process %d", job.id, training.id, process.pid)
        try:
            supervision = Supervision(self.jobs, self.running, attempt, process, snapshot)
            last_event = supervision.until_end()
        finally:
            process.kill()
        self._end(attempt, training, job, snapshot, last_event)

    def _arguments(self, job: Job, training: Training) -> list[str]:
        """Return the trainer's command line: a new training, or `--resume` where it has begun.

        Raises:
            DatasetUnknown: there is no data of that name here.
            NoFeedback: it is to learn feedback, and no row is approved.
            DataUnusable: the team's exam cannot be read.
            NotWritable: the rows of feedback or of the exam cannot be written.
        """
        common = ["--progress=json", f"--home={self.settings.home}"]
        if job.request["resume"] or training.exists:
            return [*common, "--resume", training.id]
        options = arguments(
            job.request["options"], self.settings, redis=self.jobs.redis, folder=training.folder
        )
        return [*options, *common, f"--training-id={training.id}"]

    def _output(self, job: Job) -> str:
        """Return the adapter name to show until the trainer reports the one it chose."""
        name = str(job.request["options"].get("output", "output"))
        return free_folder(self.settings.home / "adapters" / name).name

    def _end(
        self,
        attempt: Attempt,
        training: Training,
        job: Job,
        snapshot: Snapshot,
        last_event: Mapping[str, Any],
    ) -> None:
        """End the job, or leave it to the next attempt."""
        about = {"training": training.id, "checkpoint_step": snapshot.values["checkpoint_step"]}
        if data := finished(training, job):
            # The adapter is there: a request to stop that came after that changes nothing.
            self.runner.end(attempt, "finished", data)
        elif attempt.reason == "cancelled":
            self.runner.end(attempt, "cancelled", about | dict(self._cancelled(attempt)))
        elif attempt.reason == "lost":
            log.warning("job %s: another attempt has it", attempt.job)
        elif attempt.reason == "draining":
            self.runner.requeue(attempt)
        elif last_event.get("event") == "failed":
            data = {"reason": "training", "detail": last_event["reason"], **about}
            self.runner.end(attempt, "failed", data)
        else:
            # Killed by a person, or by the kernel for want of memory: this attempt counts as lost.
            log.warning("job %s: the training ended unexpectedly", attempt.job)
            self.jobs.expire_lease(attempt.job, attempt.number)

    def _cancelled(self, attempt: Attempt) -> Mapping[str, Any]:
        job = self.jobs.get(attempt.job)
        return job.cancelled if job else {}
