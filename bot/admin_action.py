"""An admin's action: may they, do it, write the audit line, and tell whom it concerns.

Every action of a command or a button goes through `act`, so that none is done by a stranger or
leaves no line. What is done is a function of the caller's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from bot.bot import Bot
from bot.errors import CannotAct
from bot.i18n.catalogue import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import announce, whisper
from bot.slack.refusals import PASSING, reason_of
from bot.slack.text import escape
from tasks.audit import Outcome
from tasks.errors import TaskError
from trainer.errors import AdapterInUse, AdapterMissing, AdapterRefused, TrainerError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """What came of an action, in Slack's text, empty where it is seen already.

    With `to_all` everybody in the channel is told.
    """

    text: str
    to_all: bool = False


@dataclass(frozen=True)
class Action:
    """What is done and to what, as the audit log has it."""

    name: str
    target: str = ""


async def act(
    bot: Bot, actor: Actor, action: Action, language: Language, do: Callable[[], Awaitable[Told]]
) -> None:
    """Let `actor` do it if they may; whatever comes of it is written down and told."""
    if not await permitted(bot, actor, action, language):
        return
    try:
        told = await do()
    except CannotAct as why:
        await _failed(bot, actor, action, why.key, say(why.key, language, **why.values))
    except AdapterRefused as error:
        await note(bot, actor, action, "refused", str(error))
        await whisper(bot.client, actor, _refusal(error, language))
    except (TaskError, TrainerError) as error:
        text = say("act.refused", language, detail=escape(str(error)))
        await _failed(bot, actor, action, str(error), text)
    except RedisError as error:
        await _failed(bot, actor, action, type(error).__name__, say("act.broker_away", language))
    except SlackApiError as error:
        text = say("act.slack", language, error=escape(reason_of(error)))
        await _failed(bot, actor, action, reason_of(error), text)
    except PASSING as error:
        name = type(error).__name__
        await _failed(bot, actor, action, name, say("act.refused", language, detail=name))
    except Exception as error:
        # Whatever it did by then was done: it must not go without a line, nor without a word.
        name = type(error).__name__
        await _failed(bot, actor, action, name, say("training_failed.internal", language))
        raise
    else:
        await note(bot, actor, action, "done")
        if told.text:
            tell = announce if told.to_all else whisper
            await tell(bot.client, actor, told.text)


async def permitted(bot: Bot, actor: Actor, action: Action, language: Language) -> bool:
    """Tell whether `actor` may; who may not is told privately and is in the audit log.

    Nobody may where that log cannot be written: what leaves no trace must not be done.
    """
    try:
        await asyncio.to_thread(bot.audit.check)
    except OSError as error:
        log.error("the audit log cannot be written: %s", error)
        await whisper(bot.client, actor, say("refused.no_log", language))
        return False
    why = await bot.admins.refusal(actor)
    if why:
        await note(bot, actor, action, "refused", why)
        await whisper(bot.client, actor, say(f"refused.{why}", language))
    return not why


async def note(bot: Bot, actor: Actor, action: Action, outcome: Outcome, reason: str = "") -> None:
    """Write a line of the audit log; `permitted` has seen that it can be written."""
    write = partial(
        bot.audit.write,
        who=actor.user,
        action=action.name,
        target=action.target,
        outcome=outcome,
        reason=reason,
        team=actor.team,
        channel=actor.channel,
    )
    try:
        await asyncio.to_thread(write)
    except OSError as error:
        log.error("the audit log cannot be written: %s", error)


def _refusal(error: AdapterRefused, language: Language) -> str:
    if isinstance(error, AdapterMissing):
        return say("act.no_adapter", language, name=escape(error.name))
    if isinstance(error, AdapterInUse):
        return say("act.adapter_in_use", language, name=escape(error.name))
    return say("act.refused", language, detail=escape(str(error)))


async def _failed(bot: Bot, actor: Actor, action: Action, reason: str, text: str) -> None:
    await note(bot, actor, action, "failed", reason)
    await whisper(bot.client, actor, text)
