"""What is done with blind comparisons: begin one, vote, reveal it, say how the votes went."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from bot.admin_action import ActionResult
from bot.blind.cards import tally_text
from bot.blind.presenter import Presenter
from bot.bot import Bot
from bot.errors import CannotAct
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.channels import is_public
from bot.slack.outgoing_text import shortened
from tasks.adapters.reference import adapter_name
from tasks.blind.comparison import Choice
from tasks.blind.store import Blind
from tasks.feedback.row import FeedbackRow
from tasks.feedback.store import Feedback


async def begin(
    bot: Bot,
    id: str,
    adapter: str,
    sides: Sequence[Mapping[str, Any]],
    *,
    channel: str,
    thread_ts: str,
    language: Language,
    user: str,
) -> bool:
    """Begin a comparison, once under its id, and show it; `adapter` is a reference.

    False where none of `sides` may be asked here.

    Raises:
        RedisError: the broker is away.
    """
    sides = await _for_all_to_see(bot, sides, channel)
    if not sides:
        return False
    create = partial(
        Blind(bot.jobs.redis).create,
        *(id, adapter, sides),
        channel=channel,
        thread_ts=thread_ts,
        language=language,
        user=user,
    )
    await asyncio.to_thread(create)
    await Presenter(bot).show(id)
    return True


async def vote(
    bot: Bot, actor: Actor, value: str, choice: Choice, at: str, language: Language
) -> str:
    """Count a vote that was pressed `at`, and return what its voter is told.

    Empty where a press comes twice, or after a newer one.

    Raises:
        RedisError: the broker is away.
    """
    id, _, question = value.partition(" ")
    blind = Blind(bot.jobs.redis)
    where = {"user": actor.user, "channel": actor.channel}
    cast = partial(blind.vote, id, question, choice, **where, at=at)
    reply = await asyncio.to_thread(cast)
    if reply == "revealed":
        await Presenter(bot).show(id)
    if reply == "overtaken":
        return ""
    label = say(f"button.blind.{choice}", language)
    return say(f"blind.vote.{reply}", language, choice=label)


async def reveal(bot: Bot, id: str, language: Language) -> ActionResult:
    """Reveal a comparison now.

    Raises:
        CannotAct: it is over, or there is none.
    """
    if not await asyncio.to_thread(Blind(bot.jobs.redis).reveal, id):
        raise CannotAct("blind.vote.over")
    await Presenter(bot).show(id)
    return ActionResult("")


async def _for_all_to_see(
    bot: Bot, sides: Sequence[Mapping[str, Any]], channel: str
) -> list[Mapping[str, Any]]:
    """Return the questions that may be shown in `channel`: none of a row that was removed, or that
    somebody gave where not everybody may read.

    In direct messages an admin has asked, who sees every row.
    """
    rows = await asyncio.to_thread(_rows_of, bot, sides)
    places = {row.channel for row in rows if row} - {"", channel}
    closed = set()
    if not channel.startswith("D"):
        closed = {place for place in places if not await is_public(bot.client, place)}
    return [
        side
        for side, row in zip(sides, rows, strict=True)
        if row is None or (row and row.channel not in closed)
    ]


def _rows_of(
    bot: Bot, sides: Sequence[Mapping[str, Any]]
) -> list[FeedbackRow | Literal[False] | None]:
    """Return the row that each question is of; None where it is of none, False where it is gone."""
    feedback = Feedback(bot.jobs.redis)
    rows: list[FeedbackRow | Literal[False] | None] = []
    for side in sides:
        id = str(side.get("id") or "")
        row = feedback.get(id) if id else None
        rows.append(False if row is None and id and feedback.is_removed(id) else row)
    return rows


async def tally(bot: Bot, adapter: str, language: Language) -> list[str]:
    """Return how people have voted on an adapter, by its reference; [] where nobody could.

    Raises:
        RedisError: the broker is away.
    """
    found = await asyncio.to_thread(Blind(bot.jobs.redis).tally, adapter)
    if found is None or not found.votes:
        return []
    return [tally_text(found, shortened(adapter_name(adapter), 100), language)]
