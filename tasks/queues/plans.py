"""The task of queue `plans`: what a training would do, worked out by the trainer itself.

A process of its own reads the data, so that answers do not wait for it. This module knows no Slack.
"""

from pathlib import Path
from typing import Any

from tasks.attempts.attempts import Attempts
from tasks.attempts.running import Running, RunningJobs
from tasks.broker.jobs import Job, Jobs
from tasks.errors import DatasetUnknown
from tasks.settings import Settings
from tasks.trainings.arguments import arguments
from tasks.trainings.trainer_process import Child

PLAN_SECONDS = 900.0
LOOK_SECONDS = 0.1


class Plans:
    """What a worker needs to plan trainings."""

    def __init__(self, jobs: Jobs, running: RunningJobs, settings: Settings, worker: str) -> None:
        self.settings = settings
        self.attempts = Attempts(
            "plan",
            self._plan,
            jobs=jobs,
            running=running,
            worker=worker,
            deadline_seconds=PLAN_SECONDS,
        )

    def _plan(self, running: Running, job: Job) -> None:
        options = job.request["options"]
        try:
            asked = arguments(options, self.settings)
        except DatasetUnknown as error:
            self.attempts.end(running, "failed", unknown(error))
            return
        child = Child([*asked, "--plan", "--json", "--progress=json"])
        try:
            said = self._listen(child, running)
        finally:
            child.kill()
        if running.reason in ("cancelled", "lost", "draining"):
            self._leave(running)
        elif "steps" in said:
            plan = said | {
                "output": Path(said["output"]).name,
                # The trainer's name of the default's data is never a path of this host.
                "data": str(options.get("data") or said["data"]),
            }
            self.attempts.end(running, "finished", {"plan": plan})
        else:
            detail = said.get("reason") or "The plan could not be made; see the log."
            self.attempts.end(running, "failed", {"reason": "plan", "detail": detail})

    def _listen(self, child: Child, running: Running) -> dict[str, Any]:
        """Return what the child said in the end: a plan, a failure's event, or nothing."""
        while not running.should_stop():
            event = child.next_event(LOOK_SECONDS)
            if event is not None and event.get("event") != "begun":
                return event
            if child.exit_code() is not None:
                break
        return {}

    def _leave(self, running: Running) -> None:
        if running.reason == "cancelled":
            self.attempts.end(running, "cancelled", {})
        elif running.reason == "draining":
            self.attempts.give_back(running)


def unknown(error: DatasetUnknown) -> dict[str, Any]:
    """Return the final event's data of a job whose dataset is not there."""
    return {"reason": "dataset", "name": error.name, "known": error.known}
