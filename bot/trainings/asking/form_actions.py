"""What the form of a training does: it opens for admins, unfolds, and refuses data that is gone.

Blocking calls run in threads.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from bot.admin_action import Action, permitted
from bot.bot import Bot
from bot.errors import CannotAct
from bot.home import require_home
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.refusals import FAILURES, failure_of
from bot.slack.views import open_view
from bot.trainings.asking.form import form, typed_in
from bot.trainings.failure import failure
from tasks.errors import DatasetUnknown, NoFeedback
from tasks.feedback.store import Feedback
from tasks.trainings.dataset_rows import ListedDataset, listed
from tasks.trainings.datasets import FEEDBACK, source_of
from tasks.trainings.feedback_rows import rows_to_learn
from tasks.trainings.final_event import without_data
from trainer.errors import DataUnusable

log = logging.getLogger(__name__)

COUNT_SECONDS = 0.7
"""How long rows are counted before the form opens: its trigger holds for three seconds, and the
person's language may have taken most of one."""

CHECK_SECONDS = 0.7
"""How long a look at the data may take when the form is submitted."""


async def open_form(bot: Bot, actor: Actor, trigger: str, language: Language) -> None:
    """Open the form for an admin, whose command has a trigger; others are told that they may not.

    A trigger holds for three seconds.
    """
    if not await permitted(bot, actor, Action("train plan"), language):
        return
    try:
        datasets = await asyncio.to_thread(_datasets, bot)
    except RedisError:
        await notify_person(bot.client, actor, say("act.broker_away", language))
        return
    await open_view(bot.client, actor, trigger, form(actor.channel, datasets, language), language)


async def unfold(bot: Bot, view: Mapping[str, Any], language: Language) -> None:
    """Add the advanced options to an open form, which keeps what is typed."""
    channel, typed = str(view.get("private_metadata") or ""), typed_in(view)
    try:
        datasets = await asyncio.to_thread(_datasets, bot)
        unfolded = form(channel, datasets, language, typed=typed, advanced=True)
        await bot.client.views_update(view_id=str(view.get("id")), view=unfolded)
    except RedisError as error:
        log.warning("a form was not unfolded: %s", type(error).__name__)
    except FAILURES as error:  # closed meanwhile, or Slack is away: the button is still there
        log.warning("a form was not unfolded: %s", failure_of(error).reason)


async def refused_data(bot: Bot, name: str, language: Language) -> str:
    """Return why nothing can be learned from a data set, as its plan would say; empty: it can be.

    What this bot cannot know, or not in time, is left to the plan.
    """
    try:
        await asyncio.wait_for(asyncio.to_thread(_check_data, bot, name), CHECK_SECONDS)
    except (DatasetUnknown, NoFeedback) as error:
        return failure(without_data(error), language)
    except (CannotAct, DataUnusable, RedisError, TimeoutError):
        return ""
    return ""


def _datasets(bot: Bot) -> list[ListedDataset]:
    try:
        require_home(bot)
        own_home = True
    except CannotAct:
        own_home = False
    return listed(bot.task_settings, bot.jobs.redis, COUNT_SECONDS, own_home=own_home)


def _check_data(bot: Bot, name: str) -> None:
    redis, settings = bot.jobs.redis, bot.task_settings
    if name != FEEDBACK:
        require_home(bot)
        source_of(name, settings)
    elif not rows_to_learn(redis, settings.home):
        raise NoFeedback(len(Feedback(redis).rows("proposed")))
