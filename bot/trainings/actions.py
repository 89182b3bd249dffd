"""What `/swallow-train` and its buttons do with trainings that exist: status, cancel, resume.

Whether the person may do it is checked before, by `bot.admin_action`. Blocking calls run in
threads.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from bot.admin_action import ActionResult
from bot.bot import Bot
from bot.errors import CannotAct
from bot.home import require_home
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.outgoing_text import shortened
from bot.trainings.failure import rows_removed
from bot.trainings.plan_decision import store_training
from bot.trainings.progress_card import figures
from tasks.broker.disk.flush import flush
from tasks.broker.job import Job
from tasks.broker.job_id import job_id
from tasks.trainings.resumable import Resumable, resumable, training_of

_MOST_LISTED = 20


async def status(bot: Bot, language: Language) -> ActionResult:
    """List the trainings that run, that wait, and that can be resumed."""
    trainings = await asyncio.to_thread(bot.jobs.open, "train")
    lines = await asyncio.to_thread(_lines, bot, trainings, language)
    stopped = await asyncio.to_thread(resumable, bot.task_settings, bot.jobs)
    if any(not one.removed for one in stopped):
        lines.append(say("status.resumable", language, trainings=_named(stopped)))
    return ActionResult("\n".join(lines))


async def cancel(bot: Bot, actor: Actor, id: str, language: Language) -> ActionResult:
    """Cancel a training; without an id the only one that runs or waits.

    Raises:
        CannotAct: there is none, or none with this id.
    """
    trainings = await asyncio.to_thread(bot.jobs.open, "train")
    if not trainings:
        raise CannotAct("cancel.none")
    chosen = [job for job in trainings if id in ("", job.id, training_of(job))]
    if not chosen:
        raise CannotAct("cancel.unknown", id=shortened(id, 80))
    if len(chosen) > 1:
        lines = await asyncio.to_thread(_lines, bot, chosen, language)
        return ActionResult("\n".join([say("cancel.which", language), *lines]))
    await asyncio.to_thread(bot.jobs.cancel, chosen[0].id, actor.user)
    await asyncio.to_thread(flush, bot.jobs.redis)
    return ActionResult(say("cancel.told", language, id=chosen[0].id))


async def resume(
    bot: Bot, actor: Actor, id: str, key: str, text: str, language: Language
) -> ActionResult:
    """Resume a training that ended early; without an id the newest.

    `key` is the same for repeats of one command by Slack, so that they start one training.

    Raises:
        CannotAct: there is none, or none with this id, rows that it learns from were removed, or
            another host has the trainings.
    """
    await asyncio.to_thread(require_home, bot)
    stopped = await asyncio.to_thread(resumable, bot.task_settings, bot.jobs)
    chosen = [one for one in stopped if id in ("", one.training)]
    if not chosen and all(one.removed for one in stopped):
        raise CannotAct("resume.none")
    if not chosen:
        raise CannotAct("resume.unknown", id=shortened(id, 80), known=_named(stopped))
    training = chosen[0]
    if training.removed:
        key, values = rows_removed(training.removed.rows, training.removed.by)
        raise CannotAct(key, **values)
    request = {"training": training.training, "resume": True, "options": dict(training.options)}
    job = job_id("resume", key)
    shared = await bot.language_in(actor.channel, language)
    store = partial(store_training, bot.jobs, job, actor, text, request, language=shared)
    await asyncio.to_thread(store)
    output = shortened(training.output, 100)
    return ActionResult(say("resume.begun", language, output=output, step=training.step))


def _lines(bot: Bot, trainings: Sequence[Job], language: Language) -> list[str]:
    if not trainings:
        return [say("status.none", language)]
    return [_line(bot, job, language) for job in trainings[:_MOST_LISTED]]


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
    return ", ".join([_one(one) for one in trainings if not one.removed][:_MOST_LISTED])


def _one(training: Resumable) -> str:
    id, output = shortened(training.training, 80), shortened(training.output, 80)
    return f"`{id}` ({output}, {training.step}/{training.steps or '?'})"
