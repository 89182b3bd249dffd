"""The Home tab: shown when it is opened, and the buttons that only it has.

Where the bot is an agent, whoever opens its messages gets prompts.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.adapters import actions as adapter_actions
from bot.admin_action import Action, ActionResult, perform
from bot.background import Background
from bot.bot import Bot
from bot.home_tab.publisher import HomeTabs
from bot.home_tab.state import OFF_ACTION, RESUME_ACTION, TRAIN_ACTION
from bot.i18n.lookup import Language
from bot.questions.agent.prompts import suggest
from bot.slack.actor import Actor
from bot.slack.notify import direct_channel
from bot.slack.refusals import FAILURES, failure_of
from bot.trainings import actions as training_actions
from bot.trainings.asking.form_actions import open_form

log = logging.getLogger(__name__)


def register(app: AsyncApp, bot: Bot, tabs: HomeTabs) -> None:
    """Register for the opened tab and its buttons."""
    background = Background()

    async def opened(event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            actor = Actor(str(event["user"]), str(body.get("team_id", "")), channel="", dm=True)
            background.start(tabs.publish(actor))
        elif event.get("tab") == "messages" and bot.surface.is_agent:
            background.start(suggest(bot, str(event.get("channel")), str(event["user"])))

    async def off(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        actor, language = Actor.of_press(body), await bot.language_of_press(body)
        do = partial(adapter_actions.off, bot, actor, language)
        background.start(_perform(actor, Action("adapter off"), language, do))

    async def resume(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        actor, language = Actor.of_press(body), await bot.language_of_press(body)
        id, key = str(action.get("value") or ""), str(body.get("trigger_id") or "")
        do = partial(_resume, bot, actor, id, key, language)
        background.start(_perform(actor, Action("train resume", id), language, do))

    async def train(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        actor, language = Actor.of_press(body), await bot.language_of_press(body)
        trigger = str(body.get("trigger_id") or "")
        background.start(_open_training_form(bot, actor, trigger, language))

    async def _perform(actor: Actor, action: Action, language: Language, do: Any) -> None:
        await perform(bot, actor, action, language, do)
        await tabs.publish(actor)

    app.event("app_home_opened")(opened)
    app.action(OFF_ACTION)(off)
    app.action(RESUME_ACTION)(resume)
    app.action(TRAIN_ACTION)(train)


async def _open_training_form(bot: Bot, actor: Actor, trigger: str, language: Language) -> None:
    try:
        actor = await _in_direct_messages(bot, actor)
    except FAILURES as error:
        log.warning("a form was not opened: %s", failure_of(error).reason)
        return
    await open_form(bot, actor, trigger, language)


async def _resume(bot: Bot, actor: Actor, id: str, key: str, language: Language) -> ActionResult:
    """Resume a training whose messages go to the person."""
    direct = await _in_direct_messages(bot, actor)
    return await training_actions.resume(bot, direct, id, key, "", language)


async def _in_direct_messages(bot: Bot, actor: Actor) -> Actor:
    """Return a person where messages can be shown to them: the tab is in no channel."""
    return replace(actor, channel=await direct_channel(bot.client, actor.user), dm=True)
