"""The buttons under a plan: start the training, or discard the plan."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError

from bot.admin_action import Action, Told, act
from bot.bot import Bot
from bot.errors import CannotAct
from bot.listeners.background import Background
from bot.slack.actor import Actor
from bot.slack.refusals import PASSING
from bot.slack.text import unescape
from bot.trainings.plan_card import DISCARD_ACTION, START_ACTION, card, decision
from bot.trainings.plan_decision import Decision, decide, plan_of
from tasks.broker.job import Job

log = logging.getLogger(__name__)


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for both buttons."""
    background = Background()

    def listener(what: Decision) -> Any:
        async def pressed(
            ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
        ) -> None:
            await ack()
            background.start(_press(bot, body, str(action.get("value", "")), what))

        return pressed

    app.action(START_ACTION)(listener("started"))
    app.action(DISCARD_ACTION)(listener("discarded"))


async def _press(bot: Bot, body: Mapping[str, Any], id: str, what: Decision) -> None:
    actor = Actor.of_press(body)
    name = "train start" if what == "started" else "train discard"
    language = bot.language(str((body.get("message") or {}).get("text", "")))
    do = partial(_decide, bot, body, actor, id, what)
    await act(bot, actor, Action(name, id), language, do)


async def _decide(bot: Bot, body: Mapping[str, Any], actor: Actor, id: str, what: Decision) -> Told:
    plan = await asyncio.to_thread(bot.jobs.get, id)
    if plan is None or plan.kind != "plan":
        raise CannotAct("plan.expired")
    stands = await asyncio.to_thread(decide, bot.jobs, plan, what, actor.user)
    language = bot.language(unescape(plan.asked["text"]))
    note = decision(stands, language)
    shown = await _without_buttons(bot, body, plan, note)
    if not stands.new:
        raise CannotAct(f"plan.already_{stands.what}")
    return Told("" if shown else note)


async def _without_buttons(bot: Bot, body: Mapping[str, Any], job: Job, note: str) -> bool:
    """Let the plan's message say `note`; False where it does not: what was decided stands."""
    plan = await asyncio.to_thread(plan_of, bot.jobs, job)
    if plan is None:
        return False
    post = card(plan, bot.language(unescape(job.asked["text"])), note=note)
    try:
        await bot.client.chat_update(
            channel=body["container"]["channel_id"],
            ts=body["container"]["message_ts"],
            text=post.text,
            blocks=list(post.blocks),
        )
    except (SlackApiError, *PASSING) as error:
        log.warning("plan %s: its message keeps its buttons: %s", job.id, type(error).__name__)
        return False
    return True
