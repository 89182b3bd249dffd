"""The Home tab's account of what answers and trains now; blocking calls, so off the event loop."""

import time
from collections.abc import Sequence
from typing import Any

from bot.adapters.evaluation_text import verdict
from bot.adapters.in_use import channel_lines, default_line
from bot.bot import Bot
from bot.errors import CannotAct
from bot.feedback.cards import heading
from bot.home import require_home
from bot.i18n.lookup import Language, say
from bot.slack.blocks import button, section
from bot.slack.outgoing_text import shortened
from bot.trainings.final_card import USE_ACTION
from bot.trainings.progress_card import Progress, progress_card
from tasks.adapters.registry import ListedAdapter
from tasks.broker.job import Job
from tasks.broker.workers import Workers, answering
from tasks.trainings.resumable import resumable

OFF_ACTION = "home_adapter_off"
RESUME_ACTION = "home_resume"
TRAIN_ACTION = "home_train"

MOST_TRAININGS = 3
MOST_ADAPTERS = 10
_NAME_CHARACTERS = 120


def now(bot: Bot, language: Language) -> list[dict[str, Any]]:
    """Return the model, the adapters and the queue.

    Raises:
        RedisError: the broker is away.
    """
    workers = answering(Workers(bot.jobs.redis).all())
    models = sorted({worker.model for worker in workers if worker.model})
    lines = [say("home.no_worker", language)]
    if models:
        names = ", ".join(shortened(model, _NAME_CHARACTERS) for model in models)
        lines = [say("home.model", language, models=names)]
    lines += [default_line(bot, language), *channel_lines(bot, language)]
    states = bot.jobs.open_states("answer")
    running = sum(job.state == "running" for job in states)
    lines.append(say("home.queue", language, running=running, waiting=len(states) - running))
    return [heading(say("home.now", language)), section("\n".join(lines))]


def trainings(bot: Bot, language: Language, *, is_admin: bool) -> list[dict[str, Any]]:
    """Return the trainings that run or wait with their bars; for admins those to resume, and the
    button that opens the form of a new one.

    Raises:
        RedisError: the broker is away.
    """
    jobs = bot.jobs.open("train")[:MOST_TRAININGS]
    blocks: list[dict[str, Any]] = []
    for job in jobs:
        shown = progress_card(_progress(bot, job, language), language).blocks
        # The ids of its blocks are one message's own; here may be several trainings.
        named = [{key: part for key, part in block.items() if key != "block_id"} for block in shown]
        blocks += named if is_admin else named[:-1]
    if is_admin:
        blocks += _resumable(bot, language)
        train = button(TRAIN_ACTION, "train", say("button.train", language))
        blocks.append({"type": "actions", "elements": [train]})
    return [heading(say("home.trainings", language)), *blocks] if blocks else []


def adapters(bot: Bot, language: Language) -> list[dict[str, Any]]:
    """Return the adapters with the buttons that an admin uses them with.

    Raises:
        RedisError: the broker is away.
    """
    try:
        require_home(bot)
    except CannotAct:
        return []
    usable = [adapter for adapter in bot.registry.all() if not adapter.problem]
    blocks = [_adapter(adapter, language) for adapter in usable[:MOST_ADAPTERS]]
    if not blocks:
        return []
    if bot.registry.in_use:
        off = button(OFF_ACTION, "off", say("button.off", language))
        blocks.append({"type": "actions", "elements": [off]})
    if len(usable) > MOST_ADAPTERS:
        blocks.append(section(say("adapter.more", language, count=len(usable) - MOST_ADAPTERS)))
    return [heading(say("home.adapters", language)), *blocks]


def _progress(bot: Bot, job: Job, language: Language) -> Progress:
    asked = job.request or job.asked.get("request") or {}
    options = asked.get("options") or {}
    ahead = bot.jobs.ahead_of(job.id)
    key = "training.waiting" if ahead else "training.next"
    return Progress(
        job=job.id,
        output=str(job.progress.get("output") or options.get("output") or "output"),
        user=str(job.destination["user"]),
        waiting="" if job.state == "running" else say(key, language, ahead=ahead),
        elapsed=max(0.0, time.time() - job.begun / 1000) if job.begun else 0.0,
        snapshot=job.progress,
    )


def _resumable(bot: Bot, language: Language) -> Sequence[dict[str, Any]]:
    blocks = []
    for training in resumable(bot.task_settings, bot.jobs)[:MOST_TRAININGS]:
        output = shortened(training.output, _NAME_CHARACTERS)
        text = say("home.resumable", language, output=output, step=training.step)
        press = button(RESUME_ACTION, training.training, say("button.resume", language))
        blocks.append({**section(text), "accessory": press})
    return blocks


def _adapter(adapter: ListedAdapter, language: Language) -> dict[str, Any]:
    line = say(
        "adapter.line_in_use" if adapter.in_use else "adapter.line",
        language,
        name=shortened(adapter.name, _NAME_CHARACTERS),
        verdict=verdict(adapter.verdict, language, short=True),
        rank=adapter.rank,
        base=shortened(adapter.base_model, _NAME_CHARACTERS),
        date=shortened(adapter.date, _NAME_CHARACTERS)[:10],
    )
    if adapter.in_use:
        return section(line)
    press = button(USE_ACTION, adapter.name, say("button.use", language))
    return {**section(line), "accessory": press}
