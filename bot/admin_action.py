"""An admin's action, from the check of the right to it to the notice of its result.

Every action of a command or a button goes through `perform`, so that only those who may act, and
every attempt has a line in the audit log. What is done is a function that the caller passes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from redis.exceptions import RedisError

from bot.bot import Bot
from bot.errors import CannotAct, NeedsSecondPress
from bot.i18n.details.translated import detail_in
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import notify_channel, notify_person
from bot.slack.outgoing_text import escape
from bot.slack.refusals import FAILURES, failure_of
from tasks.audit import Outcome
from tasks.errors import TaskError
from trainer.errors import AdapterInUse, AdapterMissing, AdapterRefused, TrainerError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ActionResult:
    """What came of an action, as Slack text; empty where the result can be seen already.

    With `to_channel` everybody in the channel is told, otherwise the person who acted.
    """

    text: str
    to_channel: bool = False


@dataclass(frozen=True)
class Action:
    """What is done to what, in the words of the audit log."""

    name: str
    target: str = ""
    for_members: bool = False
    """Whether everybody of the workspace may do it, and not only its admins."""


async def perform(
    bot: Bot,
    actor: Actor,
    action: Action,
    language: Language,
    do: Callable[[], Awaitable[ActionResult]],
) -> None:
    """Call `do` if `actor` may act; write the outcome into the audit log and tell it.

    Raises:
        Exception: `do` failed in a way that is not expected; it was logged and told before.
    """
    if not await permitted(bot, actor, action, language):
        return
    try:
        result = await do()
    except CannotAct as why:
        await _failed(bot, actor, action, why.key, say(why.key, language, **why.values))
    except NeedsSecondPress as asked:
        await write_audit_line(bot, actor, action, "refused", asked.reason)
        await notify_person(bot.client, actor, asked.text, asked.blocks)
    except AdapterRefused as error:
        await write_audit_line(bot, actor, action, "refused", str(error))
        await notify_person(bot.client, actor, _refusal(error, language))
    except (TaskError, TrainerError) as error:
        await _failed(bot, actor, action, str(error), _not_done(error, language))
    except RedisError as error:
        await _failed(bot, actor, action, type(error).__name__, say("act.broker_away", language))
    except FAILURES as error:
        failure = failure_of(error)
        reason = escape(failure.reason)
        if failure.answered:
            text = say("act.slack", language, error=reason)
        else:
            text = say("act.refused", language, detail=reason)
        await _failed(bot, actor, action, failure.reason, text)
    except Exception as error:
        # Part of it may be done: it needs a line in the audit log, and the person a notice.
        name = type(error).__name__
        await _failed(bot, actor, action, name, say("training_failed.internal", language))
        raise
    else:
        await write_audit_line(bot, actor, action, "done")
        if result.text:
            notify = notify_channel if result.to_channel else notify_person
            await notify(bot.client, actor, result.text)


async def permitted(bot: Bot, actor: Actor, action: Action, language: Language) -> bool:
    """Tell whether `actor` may act; a refusal is told privately and written into the audit log."""
    if not await can_be_logged(bot, actor, language):
        return False
    why = await bot.admins.refusal(actor, members=action.for_members)
    if why:
        await write_audit_line(bot, actor, action, "refused", why)
        await notify_person(bot.client, actor, say(f"refused.{why}", language))
    return not why


async def can_be_logged(bot: Bot, actor: Actor, language: Language) -> bool:
    """Tell whether the audit log can be written; if not, `actor` is told privately.

    Nothing may be done without a line in it.
    """
    try:
        await asyncio.to_thread(bot.audit.check)
    except OSError as error:
        log.error("the audit log cannot be written: %s", error)
        await notify_person(bot.client, actor, say("refused.no_log", language))
        return False
    return True


async def write_audit_line(
    bot: Bot,
    actor: Actor,
    action: Action,
    outcome: Outcome,
    reason: str = "",
    *,
    records: int = 0,
) -> None:
    """Write a line of the audit log; `can_be_logged` has checked that it can be written."""
    write = partial(
        bot.audit.write,
        who=actor.user,
        action=action.name,
        target=action.target,
        outcome=outcome,
        reason=reason,
        team=actor.team,
        channel=actor.channel,
        records=records,
    )
    try:
        await asyncio.to_thread(write)
    except OSError as error:
        log.error("the audit log cannot be written: %s", error)


def _refusal(error: AdapterRefused, language: Language) -> str:
    if isinstance(error, AdapterMissing):
        return say("act.no_adapter", language, name=escape(error.name))
    if isinstance(error, AdapterInUse) and error.channels:
        channels = ", ".join(f"<#{id}>" for id in error.channels)
        return say("act.adapter_in_channels", language, name=escape(error.name), channels=channels)
    if isinstance(error, AdapterInUse):
        return say("act.adapter_in_use", language, name=escape(error.name))
    return _not_done(error, language)


def _not_done(error: Exception, language: Language) -> str:
    return say("act.refused", language, detail=escape(detail_in(language, str(error))))


async def _failed(bot: Bot, actor: Actor, action: Action, reason: str, text: str) -> None:
    await write_audit_line(bot, actor, action, "failed", reason)
    await notify_person(bot.client, actor, text)
