"""The task of queue `plans`: what a training would do, worked out by the trainer itself.

The trainer runs as a process of its own, so that reading the data does not slow answers down. This
module knows no Slack.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.attempts.attempt import Attempt
from tasks.attempts.runner import JobRunner
from tasks.attempts.running import RunningAttempts
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.errors import DatasetUnknown, NoFeedback
from tasks.settings import Settings
from tasks.trainings.arguments import arguments
from tasks.trainings.final_event import without_data
from tasks.trainings.trainer_process import TrainerProcess
from trainer.errors import DataUnusable

PLAN_SECONDS = 900.0
"""The deadline of one plan."""
EVENT_WAIT_SECONDS = 0.1
"""How long to wait for the trainer's next event before looking whether to stop."""


class Plans:
    """What a worker needs to plan trainings."""

    def __init__(
        self, jobs: Jobs, running: RunningAttempts, settings: Settings, worker: str
    ) -> None:
        self.settings = settings
        self._redis = jobs.redis
        self.runner = JobRunner(
            "plan",
            self._plan,
            jobs=jobs,
            running=running,
            worker=worker,
            deadline_seconds=PLAN_SECONDS,
        )

    def _plan(self, attempt: Attempt, job: Job) -> None:
        options = job.request["options"]
        with TemporaryDirectory() as folder:
            try:
                command = arguments(options, self.settings, redis=self._redis, folder=Path(folder))
            except (DatasetUnknown, NoFeedback) as error:
                self.runner.end(attempt, "failed", without_data(error))
                return
            except DataUnusable as error:
                self.runner.end(attempt, "failed", {"reason": "plan", "detail": str(error)})
                return
            process = TrainerProcess([*command, "--plan", "--json", "--progress=json"])
            try:
                result = self._result(process, attempt)
            finally:
                process.kill()
        if attempt.reason in ("cancelled", "lost", "draining"):
            self._leave(attempt)
        elif "steps" in result:
            plan = result | {
                "output": Path(result["output"]).name,
                # For the default data the trainer gives a name, never a path of this host.
                "data": str(options.get("data") or result["data"]),
            }
            self.runner.end(attempt, "finished", {"plan": plan})
        else:
            detail = result.get("reason") or "The plan could not be made; see the log."
            self.runner.end(attempt, "failed", {"reason": "plan", "detail": detail})

    def _result(self, process: TrainerProcess, attempt: Attempt) -> dict[str, Any]:
        """Wait for the trainer's result: a plan, the event of a failure, or nothing."""
        while not attempt.should_stop():
            event = process.next_event(EVENT_WAIT_SECONDS)
            if event is not None and event.get("event") != "begun":
                return event
            if process.exit_code() is not None:
                break
        return {}

    def _leave(self, attempt: Attempt) -> None:
        """Give up a plan that was stopped; a lost one belongs to another attempt already."""
        if attempt.reason == "cancelled":
            self.runner.end(attempt, "cancelled", {})
        elif attempt.reason == "draining":
            self.runner.requeue(attempt)
