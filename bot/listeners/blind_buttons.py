"""The buttons of a blind comparison: the reveal, and votes, which all in its channel have whose
feedback is taken."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.admin_action import Action, perform
from bot.background import Background
from bot.blind import actions
from bot.blind.cards import REVEAL_ACTION, VOTE_ACTIONS
from bot.bot import Bot
from bot.errors import CannotAct
from bot.feedback.proposals import require_giver
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from tasks.blind.comparison import Choice

log = logging.getLogger(__name__)

Listener = Callable[[AsyncAck, Mapping[str, Any], Mapping[str, Any]], Awaitable[None]]


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the votes and the reveal."""
    background = Background()

    async def reveal(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        id, language = str(action.get("value", "")), await bot.language_of_press(body)
        do = partial(actions.reveal, bot, id, language)
        actor = Actor.of_press(body)
        background.start(perform(bot, actor, Action("adapter reveal", id[:80]), language, do))

    for name, choice in VOTE_ACTIONS.items():
        app.action(name)(_vote(bot, background, choice))
    app.action(REVEAL_ACTION)(reveal)


def _vote(bot: Bot, background: Background, choice: Choice) -> Listener:
    async def vote(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        value, language = str(action.get("value", "")), await bot.language_of_press(body)
        at = str(action.get("action_ts") or "")
        background.start(_count(bot, Actor.of_press(body), value, choice, at, language))

    return vote


async def _count(
    bot: Bot, actor: Actor, value: str, choice: Choice, at: str, language: Language
) -> None:
    try:
        await require_giver(bot, actor)
        text = await actions.vote(bot, actor, value, choice, at, language)
    except CannotAct as why:
        text = say(why.key, language, **why.values)
    except RedisError as error:
        log.warning("a vote was not counted: %s", type(error).__name__)
        text = say("act.broker_away", language)
    if text:
        await notify_person(bot.client, actor, text)
