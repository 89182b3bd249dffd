"""An admin's decision about rows, and telling admins that there is something to decide.

Whether somebody may decide is checked before, by `bot.admin_action`. A row is decided about once:
who comes later is told so in a sentence, and nothing changes.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.admin_action import ActionResult
from bot.bot import Bot
from bot.errors import CannotAct
from bot.feedback.cards import review_post
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import direct_channel
from bot.slack.outgoing_text import person
from bot.slack.refusals import FAILURES, failure_of
from tasks.feedback.row import FeedbackRow
from tasks.feedback.store import Feedback

log = logging.getLogger(__name__)

MOST_TOLD = 5
"""The most admins that get a message about a row; all see it in their Home tab."""

Decision = Literal["training", "exam", "refused"]


async def tell_admins(bot: Bot, row: FeedbackRow) -> None:
    """Ask admins to decide about a row, each in their direct messages; a failure is logged.

    Its author is asked only where nobody else could decide.
    """
    admins = await bot.admins.all()
    others = [admin for admin in admins if admin != row.author]
    for admin in (others or admins)[:MOST_TOLD]:
        language = await bot.language_for(admin, f"{row.instruction}{row.output}")
        post = review_post(row, language)
        try:
            channel = await direct_channel(bot.client, admin)
            await bot.client.chat_postMessage(
                channel=channel, text=post.text, blocks=list(post.blocks)
            )
        except FAILURES as error:
            log.warning("an admin was not asked about a row: %s", failure_of(error).reason)


async def decide(
    bot: Bot,
    actor: Actor,
    body: Mapping[str, Any],
    seen: str,
    decision: Decision,
    language: Language,
) -> ActionResult:
    """Approve or refuse one row, `seen` as it was shown, and show what became of it.

    Raises:
        CannotAct: it was decided about already, removed, or written anew by its author, or it is
            the admin's own and another admin's to approve.
        RedisError: the broker is away.
    """
    feedback = Feedback(bot.jobs.redis)
    id, _, version = seen.partition(":")
    if not version:
        raise CannotAct("feedback.no_row")
    before = await asyncio.to_thread(feedback.get, id)
    if decision != "refused" and await _is_for_another(bot, actor, before):
        raise CannotAct("feedback.own_row")
    done = await asyncio.to_thread(_decide, feedback, [seen], actor.user, decision)
    after = await asyncio.to_thread(feedback.get, id)
    is_open = after is not None and after.state == "proposed"
    note = "" if is_open else _note(after, language)
    shown = await _show(bot, actor, body, after or before, note, language)
    if done or (after and _is_own(after, actor, decision)):
        return ActionResult("" if shown else note)
    if after is None:
        raise CannotAct("feedback.no_row")
    raise CannotAct("feedback.changed" if is_open else "feedback.decided")


async def approve_all(
    bot: Bot, actor: Actor, seen: Sequence[str], language: Language
) -> ActionResult:
    """Approve the rows that the Home tab showed, as far as they are still to be decided about and
    are not for another admin.

    Raises:
        CannotAct: every one was decided about, removed, written anew, or is for another admin.
        RedisError: the broker is away.
    """
    feedback = Feedback(bot.jobs.redis)
    versions = [row for row in seen if row.partition(":")[2]]
    found = [await asyncio.to_thread(feedback.get, row.partition(":")[0]) for row in versions]
    others = [await _is_for_another(bot, actor, row) for row in found]
    if versions and all(others):
        raise CannotAct("feedback.own_row")
    versions = [row for row, other in zip(versions, others, strict=True) if not other]
    done = await asyncio.to_thread(_decide, feedback, versions, actor.user, "training")
    if done:
        return ActionResult(say("feedback.approved_many", language, count=len(done)))
    rows = [await asyncio.to_thread(feedback.get, row.partition(":")[0]) for row in versions]
    if rows and all(row and _is_own(row, actor, row.use) for row in rows):
        return ActionResult("")
    raise CannotAct("feedback.decided")


async def _is_for_another(bot: Bot, actor: Actor, row: FeedbackRow | None) -> bool:
    """Tell whether a row is an admin's own, which another one approves, so that nobody teaches
    alone. Who is the only admin approves it: nobody else could."""
    if row is None or row.author != actor.user:
        return False
    admins = set(await bot.admins.all())
    return admins != {actor.user}  # also where Slack does not say who they are


def _decide(feedback: Feedback, ids: Sequence[str], admin: str, decision: Decision) -> list[str]:
    if decision == "refused":
        return feedback.refuse(ids)
    return feedback.approve(ids, admin, exam=decision == "exam")


def _is_own(row: FeedbackRow, actor: Actor, decision: str) -> bool:
    """Tell whether `actor` has decided so about a row before: Slack delivers a press again where it
    does not know that it came."""
    return row.state == "approved" and row.approver == actor.user and decision == row.use


def _note(row: FeedbackRow | None, language: Language) -> str:
    """Return what a row is now."""
    if row is None:
        return say("feedback.note.gone", language)
    approver = person(row.approver)
    return say(f"feedback.note.{row.use or row.state}", language, approver=approver)


async def _show(
    bot: Bot,
    actor: Actor,
    body: Mapping[str, Any],
    row: FeedbackRow | None,
    note: str,
    language: Language,
) -> bool:
    """Show what became of a row where it was decided; False where Slack does not do it.

    The Home tab is published anew by whoever calls this.
    """
    container = body.get("container") or {}
    if container.get("type") == "view":
        return True
    if row is None:
        return False
    post = review_post(row, language, note=note)
    try:
        await bot.client.chat_update(
            channel=actor.channel,
            ts=str(container.get("message_ts", "")),
            text=post.text,
            blocks=list(post.blocks),
        )
    except FAILURES as error:
        log.warning("a review message keeps its buttons: %s", failure_of(error).reason)
        return False
    return True
