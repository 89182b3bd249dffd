"""What an answer in Slack was about, read from its record; a day after its end that is gone."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.bot import Bot
from bot.errors import CannotAct
from bot.i18n.lookup import Language
from bot.slack.actor import Actor
from tasks.asking.material import input_of
from tasks.broker.job import Event, Job, asker_of


@dataclass(frozen=True)
class Answered:
    """A question as the model got it, without its thread, and the whole answer."""

    job: str
    channel: str
    asker: str
    language: Language
    instruction: str
    input: str
    answer: str
    revision: int
    """How often the question had been edited."""
    others: tuple[str, ...] = ()
    """Whose words the input has, beside the asker's."""


def answered(bot: Bot, id: str, actor: Actor) -> Answered:
    """Return what the job `id` was about, for somebody who sees its answer.

    Raises:
        CannotAct: its record is gone, it has no answer, or it was answered where `actor` is not.
        RedisError: the broker is away.
    """
    job = bot.jobs.get(id)
    if job is None or job.kind != "answer" or not job.request.get("instruction"):
        raise CannotAct("feedback.gone")
    if not _is_seen_by(job, actor):
        raise CannotAct("feedback.elsewhere")
    text = text_of(bot.jobs.events(id))
    if job.state != "finished" or not text:
        raise CannotAct("feedback.unfinished")
    return Answered(
        job=id,
        channel=str(job.destination["channel"]),
        asker=asker_of(job.destination),
        language=bot.language_of_job(job),
        instruction=str(job.request["instruction"]),
        input=input_of(job.request),
        answer=text,
        revision=job.revision,
        others=tuple(str(said["user"]) for said in job.request.get("material", ())),
    )


def text_of(events: Iterable[Event]) -> str:
    """Return the text of the newest attempt among a job's events."""
    attempt, text = 0, ""
    for event in events:
        if event.attempt > attempt:
            attempt, text = event.attempt, ""
        if event.type == "text" and event.attempt == attempt:
            text = text[: event.data.get("at", len(text))] + event.data["text"]
    return text.strip()


def _is_seen_by(job: Job, actor: Actor) -> bool:
    """Tell whether a press comes from where the answer is: the thread, or else its asker's own."""
    if actor.channel == job.destination["channel"]:
        return True
    return actor.dm and actor.user == asker_of(job.destination)
