"""The Home tab: a person's own rows, and for an admin those that wait for a decision, and which
adapter answers where."""

import asyncio
import logging
from typing import Any

from redis.exceptions import RedisError

from bot.adapters.in_use import channel_lines, default_line
from bot.bot import Bot
from bot.feedback.cards import actions, approve_all, heading, home_row, note_line, own_actions
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.blocks import section
from bot.slack.refusals import FAILURES, failure_of
from tasks.feedback.row import FeedbackRow
from tasks.feedback.store import Feedback

log = logging.getLogger(__name__)

MOST_ROWS = 20
"""Rows in each of the two parts, of two blocks each: Slack allows a hundred blocks."""


async def publish(bot: Bot, actor: Actor, language: Language) -> bool:
    """Show `actor` the Home tab as it is now; False where that cannot be done, which is logged."""
    try:
        is_admin = not await bot.admins.refusal(actor)
        view = await asyncio.to_thread(_view, bot, actor, language, is_admin)
        await bot.client.views_publish(user_id=actor.user, view=view)
    except RedisError as error:
        log.warning("a Home tab was not shown: %s", type(error).__name__)
        return False
    except FAILURES as error:
        log.warning("a Home tab was not shown: %s", failure_of(error).reason)
        return False
    return True


def _view(bot: Bot, actor: Actor, language: Language, is_admin: bool) -> dict[str, Any]:
    rows = Feedback(bot.jobs.redis).rows()
    own = [row for row in rows if row.author == actor.user][::-1]
    state = "on" if bot.task_settings.feedback == "on" else "off"
    blocks = [section(say(f"home.about_{state}", language, bot=bot.name))]
    if is_admin:
        proposed = [row for row in rows if row.state == "proposed"]
        blocks += _proposed(proposed, language)
        blocks += _adapters(bot, language)
    blocks += _own(own, language)
    return {"type": "home", "blocks": blocks}


def _proposed(rows: list[FeedbackRow], language: Language) -> list[dict[str, Any]]:
    blocks = [heading(say("home.proposed", language, count=len(rows)))]
    shown = rows[:MOST_ROWS]
    if not shown:
        return [*blocks, section(say("home.none_proposed", language))]
    if len(shown) > 1:  # one has its own buttons
        blocks.append(approve_all(shown, language))
    for row in shown:
        blocks += [home_row(row, language), actions(row, language)]
    return blocks + _more(len(rows) - len(shown), language)


def _adapters(bot: Bot, language: Language) -> list[dict[str, Any]]:
    lines = [default_line(bot, language), *channel_lines(bot, language)]
    return [heading(say("home.adapters", language)), section("\n".join(lines))]


def _own(rows: list[FeedbackRow], language: Language) -> list[dict[str, Any]]:
    blocks = [heading(say("home.own", language, count=len(rows)))]
    shown = rows[:MOST_ROWS]
    if not shown:
        return [*blocks, section(say("home.none_own", language))]
    for row in shown:
        blocks += [home_row(row, language), own_actions(row, language)]
    return blocks + _more(len(rows) - len(shown), language)


def _more(count: int, language: Language) -> list[dict[str, Any]]:
    return [note_line(say("home.more", language, count=count))] if count else []
