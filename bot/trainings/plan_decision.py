"""The decision about a plan: started or discarded, once, and the training that a start stores.

The first decision holds, however often and by whomever a button is pressed. It is kept in Redis
beside the job records, and expires as they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from bot.i18n.lookup import Language
from bot.slack.actor import Actor
from tasks.broker.disk.flush import flush
from tasks.broker.job import Job
from tasks.broker.job_id import job_id
from tasks.broker.jobs import Jobs, Stored
from trainer.data.wordings import language_of

Choice = Literal["started", "discarded"]


@dataclass(frozen=True)
class Decision:
    """What was decided about a plan, by whom, and with which press; empty where with none."""

    what: Choice
    by: str
    press: str = ""


def decide(jobs: Jobs, plan: Job, what: Choice, by: str, press: str = "") -> Decision:
    """Decide about a plan unless that was done before; a start stores the training too.

    Returns the decision that holds. It is this one if all is the same: Slack delivers a press
    again, and the client repeats a call, where the reply to the first was lost.
    """
    key = f"swallow:plan:{plan.id}"
    jobs.redis.set(key, f"{what} {by} {press}", nx=True, px=jobs.keep_ms)
    decision = decision_on(jobs, plan.id) or Decision(what, by, press)
    if decision.what == "started":
        # Also for an earlier decision: a bot may have died before it stored the training. A
        # training that is stored already is a repeat, by its id.
        _store(jobs, plan, decision.by)
    else:
        flush(jobs.redis)
    return decision


def decision_on(jobs: Jobs, plan: str) -> Decision | None:
    """Return the decision about a plan's job, None while there is none."""
    value = jobs.redis.get(f"swallow:plan:{plan}")
    if not value:
        return None
    what, by, *press = str(value).split(" ")  # an earlier version noted no press
    return Decision(cast(Choice, what), by, "".join(press))


def store_training(
    jobs: Jobs,
    id: str,
    actor: Actor,
    text: str,
    request: Mapping[str, Any],
    *,
    language: Language | None = None,
) -> Stored:
    """Store a training, shown in `language`, else that of `text`; its follower hands it to the
    workers."""
    asked = {"text": text, "request": dict(request), "language": language or language_of(text)}
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
    text = str(plan.asked["text"])
    language = plan.asked.get("language")
    actor = Actor.of_destination(destination)
    store_training(jobs, id, actor, text, request, language=language)
