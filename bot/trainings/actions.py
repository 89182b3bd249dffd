"""What `/swallow-train` and its buttons do about trainings there are: status, cancel, resume.

Who may is decided before, by `bot.admin_action`. Blocking calls run in threads.
"""

import asyncio
from collections.abc import Sequence

from bot.admin_action import Told
from bot.bot import Bot
from bot.errors import CannotAct
from bot.i18n.catalogue import Language, say
from bot.slack.actor import Actor
from bot.slack.text import shortened
from bot.trainings.plan_decision import store_training
from bot.trainings.progress_card import figures
from tasks.broker.job import Job
from tasks.broker.job_id import job_id
from tasks.trainings.resumable import Resumable, resumable, training_of

_MOST = 20


async def status(bot: Bot, language: Language) -> Told:
    """Say what trains, what waits, and what could go on."""
    trainings = await asyncio.to_thread(bot.jobs.open, "train")
    lines = await asyncio.to_thread(_lines, bot, trainings, language)
    stopped = await asyncio.to_thread(resumable, bot.home, bot.jobs)
    if stopped:
        lines.append(say("status.resumable", language, trainings=_named(stopped)))
    return Told("\n".join(lines))


async def cancel(bot: Bot, actor: Actor, id: str, language: Language) -> Told:
    """Stop a training; without an id the only one there is."""
    trainings = await asyncio.to_thread(bot.jobs.open, "train")
    if not trainings:
        raise CannotAct("cancel.none")
    wanted = [job for job in trainings if id in ("", job.id, training_of(job))]
    if not wanted:
        raise CannotAct("cancel.unknown", id=shortened(id, 80))
    if len(wanted) > 1:
        lines = await asyncio.to_thread(_lines, bot, wanted, language)
        return Told("\n".join([say("cancel.which", language), *lines]))
    await asyncio.to_thread(bot.jobs.cancel, wanted[0].id, actor.user)
    return Told(say("cancel.told", language, id=wanted[0].id))


async def resume(bot: Bot, actor: Actor, id: str, key: str, text: str, language: Language) -> Told:
    """Go on with a training that ended early; without an id the newest.

    `key` tells this command from others, so that Slack's repeats start nothing twice.
    """
    stopped = await asyncio.to_thread(resumable, bot.home, bot.jobs)
    if not stopped:
        raise CannotAct("resume.none")
    wanted = [one for one in stopped if id in ("", one.training)]
    if not wanted:
        raise CannotAct("resume.unknown", id=shortened(id, 80), known=_named(stopped))
    training = wanted[0]
    request = {"training": training.training, "resume": True, "options": dict(training.options)}
    job = job_id("resume", key)
    await asyncio.to_thread(store_training, bot.jobs, job, actor, text, request)
    output = shortened(training.output, 100)
    return Told(say("resume.begun", language, output=output, step=training.step))


def _lines(bot: Bot, trainings: Sequence[Job], language: Language) -> list[str]:
    if not trainings:
        return [say("status.none", language)]
    return [_line(bot, job, language) for job in trainings[:_MOST]]


def _line(bot: Bot, job: Job, language: Language) -> str:
    options = (job.request or job.asked.get("request") or {}).get("options") or {}
    output = str(job.progress.get("output") or options.get("output") or "output")
    if job.state == "running":
        known = " · ".join(figures(job.progress, language)) or say("training.loading", language)
    else:
        ahead = bot.jobs.ahead_of(job.id)
        key = "training.waiting" if ahead else "training.next"
        known = say(key, language, ahead=ahead)
    shown = shortened(output, 100)
    return say("status.running", language, id=job.id, output=shown, figures=known)


def _named(trainings: Sequence[Resumable]) -> str:
    return ", ".join(map(_one, trainings[:_MOST]))


def _one(training: Resumable) -> str:
    id, output = shortened(training.training, 80), shortened(training.output, 80)
    return f"`{id}` ({output}, {training.step}/{training.steps or '?'})"
