"""The buttons of a training's message: cancel it while it runs, use its adapter when it is done.

An adapter that answers worse is used at the second press, of a button that the first one brings.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.adapters import actions as adapter_actions
from bot.adapters.worse import USE_ANYWAY_ACTION, parsed
from bot.admin_action import Action, perform
from bot.background import Background
from bot.bot import Bot
from bot.slack.actor import Actor
from bot.trainings import actions as training_actions
from bot.trainings.final_card import USE_ACTION
from bot.trainings.progress_card import CANCEL_ACTION
from tasks.adapters.reference import adapter_name


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the buttons."""
    background = Background()

    async def cancel(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        id, language = str(action.get("value", "")), await bot.language_of_press(body)
        actor = Actor.of_press(body)
        do = partial(training_actions.cancel, bot, actor, id, language)
        background.start(perform(bot, actor, Action("train cancel", id), language, do))

    async def use(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        name, language = str(action.get("value", "")), await bot.language_of_press(body)
        actor = Actor.of_press(body)
        do = partial(adapter_actions.use, bot, actor, name, language)
        background.start(perform(bot, actor, Action("adapter use", name), language, do))

    async def use_anyway(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        value, language = str(action.get("value", "")), await bot.language_of_press(body)
        actor = Actor.of_press(body)
        do = partial(adapter_actions.use_anyway, bot, actor, value, language)
        name = adapter_name(parsed(value)[0])
        background.start(perform(bot, actor, Action("adapter use anyway", name), language, do))

    app.action(CANCEL_ACTION)(cancel)
    app.action(USE_ANYWAY_ACTION)(use_anyway)
    app.action(USE_ACTION)(use)
