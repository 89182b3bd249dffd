"""The task of queue `training`: one training, supervised as a child process until it has ended.

Held while a question is answered on this host, stopped when it is cancelled, given back when the
worker stops, and continued from its checkpoint by the next attempt. This module knows no Slack, and
of the training only what it tells.
"""

import base64
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from tasks.attempts.attempts import Attempts
from tasks.attempts.running import Running, RunningJobs
from tasks.broker.connection import AWAY
from tasks.broker.host_busy import is_busy
from tasks.broker.jobs import TRAINING_LEASE_MS, Job, Jobs
from tasks.errors import DatasetUnknown
from tasks.queues.plans import unknown
from tasks.settings import Settings
from tasks.trainings.arguments import arguments
from tasks.trainings.pause import Hold
from tasks.trainings.snapshot import Snapshot
from tasks.trainings.trainer_process import Child
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import CURVE
from trainer.adapters.names import free_folder
from trainer.training_folder import Training

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
"""How often the child is listened to and the host asked whether it answers a question."""
NOTE_SECONDS = 1.0
MAX_CURVE_BYTES = 500_000


class Trainings:
    """What a worker needs to train."""

    def __init__(self, jobs: Jobs, running: RunningJobs, settings: Settings, worker: str) -> None:
        self.jobs = jobs
        self.settings = settings
        self.running = running
        self.attempts = Attempts(
            "train",
            self._train,
            jobs=jobs,
            running=running,
            worker=worker,
            lease_ms=TRAINING_LEASE_MS,
        )

    def _train(self, running: Running, job: Job) -> None:
        training = Training(self.settings.home / "trainings" / job.request["training"])
        if done := finished(training, job):
            # The adapter was written, and only the word of it got lost.
            self.attempts.end(running, "finished", done)
            return
        try:
            asked = self._arguments(job, training)
        except DatasetUnknown as error:
            self.attempts.end(running, "failed", unknown(error))
            return
        wanted = str(job.request["options"].get("output", "output"))
        output = free_folder(self.settings.home / "adapters" / wanted).name
        snapshot = Snapshot(training.id, output, running.attempt, job.progress)
        child = Child(asked)
        log.info("job %s: training %s runs as process %d", job.id, training.id, child.pid)
        try:
            ending = Supervision(self, running, child, snapshot).until_end()
        finally:
            child.kill()
        self._end(running, training, job, snapshot, ending)

    def _arguments(self, job: Job, training: Training) -> list[str]:
        common = ["--progress=json", f"--home={self.settings.home}"]
        if job.request["resume"] or (training.folder / "options.json").exists():
            return [*common, "--resume", training.id]
        asked = arguments(job.request["options"], self.settings)
        return [*asked, *common, f"--training-id={training.id}"]

    def _end(
        self,
        running: Running,
        training: Training,
        job: Job,
        snapshot: Snapshot,
        said: Mapping[str, Any],
    ) -> None:
        """End the job, or leave it to the next attempt."""
        about = {"training": training.id, "checkpoint_step": snapshot.values["checkpoint_step"]}
        if done := finished(training, job):
            # Whatever it was told or said in its last moment: a cancellation came too late.
            self.attempts.end(running, "finished", done)
        elif running.reason == "cancelled":
            self.attempts.end(running, "cancelled", about | dict(self._cancelled(running)))
        elif running.reason == "lost":
            log.warning("job %s: another attempt has it", running.job)
        elif running.reason == "draining":
            self.attempts.give_back(running)
        elif said.get("event") == "failed":
            data = {"reason": "training", "detail": said["reason"], **about}
            self.attempts.end(running, "failed", data)
        else:
            # Killed by somebody, or for want of memory: the next sweep counts it as lost.
            log.warning("job %s: the training ended unexpectedly", running.job)
            self.jobs.let_go(running.job, running.attempt)

    def _cancelled(self, running: Running) -> Mapping[str, Any]:
        job = self.jobs.get(running.job)
        return job.cancelled if job else {}


class Supervision:
    """One child from its start to its end."""

    def __init__(
        self, trainings: Trainings, running: Running, child: Child, snapshot: Snapshot
    ) -> None:
        self._jobs = trainings.jobs
        self._all = trainings.running
        self._running = running
        self._child = child
        self._snapshot = snapshot
        self._hold = Hold()
        self._noted = 0.0

    def until_end(self) -> dict[str, Any]:
        """Supervise; returns the child's last word: `finished`, `failed`, `interrupted`, or {}."""
        last: dict[str, Any] = {}
        self._note()
        while self._child.exit_code() is None:
            if self._stopping():
                if self._running.reason == "lost":
                    break
                self._child.stop()
            else:
                self._make_room()
            event = self._child.next_event(LOOK_SECONDS)
            if event is not None:
                if event.get("event") in ("finished", "failed", "interrupted"):
                    last = event
                self._take(event)
        return last

    def _stopping(self) -> bool:
        if self._all.draining:
            self._running.stop("draining")
        return self._running.should_stop()

    def _make_room(self) -> None:
        try:
            busy = is_busy(self._jobs.redis)
        except AWAY:
            busy = False  # nobody can ask anything now
        self._child.hold(self._hold.wanted(busy))
        if self._snapshot.hold(self._child.held):
            self._note()

    def _take(self, event: Mapping[str, Any]) -> None:
        important = self._snapshot.take(event)
        if important or time.monotonic() - self._noted >= NOTE_SECONDS:
            self._note(saved=event.get("event") == "checkpoint")

    def _note(self, *, saved: bool = False) -> None:
        self._noted = time.monotonic()
        values = self._snapshot.values
        job, attempt = self._running.job, self._running.attempt
        try:
            if not self._jobs.note_progress(job, attempt, values, saved=saved):
                self._running.stop("lost")
        except RedisError as error:
            # Away, or refusing writes as its disk is full. The training goes on; who has the job by
            # now is known when the broker is well again.
            log.warning("job %s: progress was not noted: %s", job, type(error).__name__)


def finished(training: Training, job: Job) -> dict[str, Any] | None:
    """Return the final event's data of a training whose adapter is written, else None.

    Its seconds are the job's: the trainer knows only how long its last process ran.
    """
    folder = training.adapter()
    if folder is None:
        return None
    about = read(folder).about
    evaluation = about.get("evaluation") or {}
    return {
        "training": training.id,
        "output": folder.name,
        "verdict": evaluation.get("verdict", "unknown"),
        "summary": evaluation.get("summary", ""),
        "evaluation": evaluation,
        "answers": about.get("answers", []),
        "seconds": round(max(0.0, time.time() - job.begun / 1000), 1),
        "curve": _curve(folder / CURVE),
    }


def _curve(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError:
        return ""
    return base64.b64encode(content).decode() if len(content) <= MAX_CURVE_BYTES else ""
