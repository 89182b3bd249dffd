"""What an asker can have of an answer that is there: *Continue* where the length ended it, *Again*.

Each is a job of its own with one final message below the answer, which stays as it is. Its id is
derived from the answer's job: pressed again, or twice at once, it is the same job. A continuation
goes on behind the exact tokens of the answer, in the same adapter; another answer is the same
request with another seed.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from bot.bot import Bot
from bot.errors import CannotAct, CannotAnswer
from bot.i18n.lookup import Language, say
from bot.questions.arrival import thread_of
from bot.slack.blocks import button
from tasks.broker.job import Event, Job, asker_of
from tasks.broker.job_id import job_id
from tasks.broker.jobs import Jobs

How = Literal["continue", "again"]
HOWS: tuple[How, ...] = ("continue", "again")

ACTIONS: Mapping[How, str] = {"continue": "continue_answer", "again": "ask_again"}


def buttons(job: Job, final: Event, text: str, language: Language) -> list[dict[str, Any]]:
    """Return the block with what the asker can have of a finished answer, if there is anything."""
    if final.type == "failed" or not final.data.get("model"):
        return []
    follows = job.asked.get("follows")
    offered: list[How] = []
    if text.strip() and final.data.get("ids"):
        offered.append("continue")
    if follows is None or follows["how"] == "again":
        offered.append("again")
    elements = [button(ACTIONS[how], job.id, say(f"button.{how}", language)) for how in offered]
    return [{"type": "actions", "block_id": f"follow-{job.id}", "elements": elements}] * bool(
        offered
    )


def ask_on(bot: Bot, user: str, id: str, how: How) -> int:
    """Store what `user` wants of the answer of job `id`, once; called off the event loop.

    Returns the revision of what was asked.

    Raises:
        CannotAct: the answer is somebody else's, not there any more, or too much is asked now.
        RedisError: the broker is away.
    """
    job = bot.jobs.get(id)
    if job is None or not job.request or job.state not in ("finished", "cancelled"):
        raise CannotAct("follow_up.gone")
    if asker_of(job.destination) != user:
        raise CannotAct("follow_up.not_yours")
    new = follow_up_id(id, how, job.revision)
    if bot.jobs.get(new) is not None:
        return job.revision
    if len(bot.jobs.open_states("answer")) >= bot.jobs.queue_limit:
        raise CannotAct("failed.queue_full", limit=bot.jobs.queue_limit)
    try:
        # Before it is stored: it can be asked for once.
        bot.askers.check_room(user, bot.jobs)
    except CannotAnswer as why:
        raise CannotAct(f"failed.{why.reason}", **why.values) from None
    asked = {
        "text": "",
        "files": [],
        "language": job.asked.get("language", ""),
        "follows": {"job": id, "how": how},
    }
    stored = bot.jobs.create(
        new,
        "answer",
        destination=job.destination,
        asked=asked,
        thread=thread_of(job.destination),
        adapter=job.adapter,
        follows=(id, job.revision),
    )
    if stored == "gone":
        raise CannotAct("follow_up.gone")
    return job.revision


def used_buttons(jobs: Jobs, id: str, revision: int) -> list[str]:
    """Return the actions that were pressed under the answer to a revision of job `id`.

    None where the answer is another one by now: its buttons are new.
    """
    job = jobs.get(id)
    if job is None or job.revision != revision:
        return []
    return [ACTIONS[how] for how in HOWS if jobs.states([follow_up_id(id, how, revision)])]


def request_of(jobs: Jobs, job: Job) -> dict[str, Any]:
    """Return the request of a job that follows another.

    Raises:
        CannotAnswer: the other is not on record any more.
        RedisError: the broker is away.
    """
    follows = job.asked["follows"]
    before = jobs.get(follows["job"])
    if before is None or not before.request:
        raise CannotAnswer("follow_up_gone")
    request = {**before.request, "seed": int(job.id, 16) % 2**31}
    if follows["how"] == "again":
        return {**request, "vary": True}
    final = jobs.events(before.id)[-1]
    if not final.data.get("ids"):
        raise CannotAnswer("follow_up_gone")
    return {**request, "begun": final.data["ids"], "model": final.data["model"]}


def follow_up_id(id: str, how: How, revision: int) -> str:
    """Return the id of what follows a revision of job `id`."""
    return job_id(id, how, str(revision))


def followed_by(jobs: Jobs, id: str) -> Iterator[str]:
    """Return the ids of all that may follow job `id`, and what may follow these."""
    job = jobs.get(id)
    return _followed_by(jobs, id, job.revision + 1 if job else 0)


def followed_before(jobs: Jobs, id: str) -> Iterator[str]:
    """Return what `followed_by` does, but for what follows the answer to the newest words."""
    job = jobs.get(id)
    return _followed_by(jobs, id, job.revision if job else 0)


def _followed_by(jobs: Jobs, id: str, revisions: int) -> Iterator[str]:
    for revision in range(revisions):
        for how in HOWS:
            new = follow_up_id(id, how, revision)
            yield new
            yield from followed_by(jobs, new)
