"""The decision about a plan: started or discarded, once, and the training that a start stores.

The first decision holds, however often and by whomever a button is pressed. It is kept in Redis
beside the job records, and expires as they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from bot.slack.actor import Actor
from tasks.broker.job import Job
from tasks.broker.job_id import job_id
from tasks.broker.jobs import Jobs

Choice = Literal["started", "discarded"]


@dataclass(frozen=True)
class Decision:
    """What was decided about a plan, and by whom; `new`: by this call and not by an earlier one."""

    what: Choice
    by: str
    new: bool


def decide(jobs: Jobs, plan: Job, what: Choice, by: str) -> Decision:
    """Decide about a plan unless that was done before; a start stores the training too.

    Returns the decision that holds, which may be an earlier one.
    """
    key = f"swallow:plan:{plan.id}"
    new = bool(jobs.redis.set(key, f"{what} {by}", nx=True, px=jobs.keep_ms))
    decision = decision_on(jobs, plan.id) or Decision(what, by, new)
    if decision.what == "started":
        # Also for an earlier decision: a bot may have died before it stored the training. A
        # training that is stored already is a repeat, by its id.
        _store(jobs, plan, decision.by)
    return Decision(decision.what, decision.by, new)


def decision_on(jobs: Jobs, plan: str) -> Decision | None:
    """Return the decision about a plan's job, None while there is none."""
    value = jobs.redis.get(f"swallow:plan:{plan}")
    if not value:
        return None
    what, _, by = str(value).partition(" ")
    return Decision(cast(Choice, what), by, new=False)


def store_training(
    jobs: Jobs, id: str, actor: Actor, text: str, request: Mapping[str, Any]
) -> Literal["created", "repeat", "not_in_thread", "full"]:
    """Store a training; its follower hands it to the workers."""
    asked = {"text": text, "request": dict(request)}
    return jobs.create(id, "train", destination=actor.destination(), asked=asked, adapter="")


def training_id(plan: str) -> str:
    """Return the id of the training that a plan's job becomes."""
    return job_id("train", plan)


def plan_of(jobs: Jobs, job: Job) -> Mapping[str, Any] | None:
    """Return the plan that a plan's job ended with; None if it did not end with one."""
    events = jobs.events(job.id)
    if not events or events[-1].type != "finished":
        return None
    return cast(Mapping[str, Any], events[-1].data["plan"])


def _store(jobs: Jobs, plan: Job, by: str) -> None:
    id = training_id(plan.id)
    request = {"training": id, "resume": False, "options": plan.request.get("options", {})}
    destination = {**plan.destination, "user": by, "response_url": ""}
    store_training(jobs, id, Actor.of_destination(destination), str(plan.asked["text"]), request)
