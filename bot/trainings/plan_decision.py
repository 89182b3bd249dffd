"""From a plan to its training, once, however often and by whomever it is asked for.

The first decision about a plan stands: it is kept beside the jobs, as long as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from bot.slack.actor import Actor
from tasks.broker.job import Job
from tasks.broker.job_id import job_id
from tasks.broker.jobs import Jobs

Decision = Literal["started", "discarded"]


@dataclass(frozen=True)
class Decided:
    """What was decided about a plan, and by whom; `new`: by this very call."""

    what: Decision
    by: str
    new: bool


def decide(jobs: Jobs, plan: Job, what: Decision, by: str) -> Decided:
    """Decide about a plan unless somebody has; a start stores the training too."""
    key = f"swallow:plan:{plan.id}"
    new = bool(jobs.redis.set(key, f"{what} {by}", nx=True, px=jobs.keep_ms))
    stands = decided(jobs, plan.id) or Decided(what, by, new)
    if stands.what == "started":  # again after a crash between the two: stored once by its id
        _store(jobs, plan, stands.by)
    return Decided(stands.what, stands.by, new)


def decided(jobs: Jobs, plan: str) -> Decided | None:
    """Return what was decided about a plan, None while it is open."""
    value = jobs.redis.get(f"swallow:plan:{plan}")
    if not value:
        return None
    what, _, by = str(value).partition(" ")
    return Decided(cast(Decision, what), by, new=False)


def store_training(
    jobs: Jobs, id: str, actor: Actor, text: str, request: Mapping[str, Any]
) -> Literal["created", "repeat", "not_in_thread", "full"]:
    """Store a training; its follower hands it to the workers."""
    asked = {"text": text, "request": dict(request)}
    return jobs.create(id, "train", destination=actor.destination(), asked=asked, adapter="")


def training_id(plan: str) -> str:
    """Return the id of the training of a plan's job."""
    return job_id("train", plan)


def plan_of(jobs: Jobs, job: Job) -> Mapping[str, Any] | None:
    """Return the plan that a plan's job ended with."""
    events = jobs.events(job.id)
    if not events or events[-1].type != "finished":
        return None
    return cast(Mapping[str, Any], events[-1].data["plan"])


def _store(jobs: Jobs, plan: Job, by: str) -> None:
    id = training_id(plan.id)
    request = {"training": id, "resume": False, "options": plan.request.get("options", {})}
    destination = {**plan.destination, "user": by, "response_url": ""}
    store_training(jobs, id, Actor.of_destination(destination), str(plan.asked["text"]), request)
