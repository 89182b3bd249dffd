"""The buttons under a plan: start the training, or discard the plan."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.admin_action import Action, ActionResult, perform
from bot.background import Background
from bot.bot import Bot
from bot.errors import CannotAct
from bot.slack.actor import Actor
from bot.slack.refusals import FAILURES, failure_of
from bot.trainings.plan_card import DISCARD_ACTION, START_ACTION, decision_sentence, plan_card
from bot.trainings.plan_decision import Choice, Decision, decide, plan_of
from tasks.broker.job import Job

log = logging.getLogger(__name__)


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for both buttons."""
    background = Background()

    def listener(what: Choice) -> Any:
        async def pressed(
            ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
        ) -> None:
            await ack()
            background.start(_press(bot, body, str(action.get("value", "")), what))

        return pressed

    app.action(START_ACTION)(listener("started"))
    app.action(DISCARD_ACTION)(listener("discarded"))


async def _press(bot: Bot, body: Mapping[str, Any], id: str, what: Choice) -> None:
    actor = Actor.of_press(body)
    name = "train start" if what == "started" else "train discard"
    language = await bot.language_of_press(body)
    do = partial(_decide, bot, body, actor, id, what)
    await perform(bot, actor, Action(name, id), language, do)


async def _decide(
    bot: Bot, body: Mapping[str, Any], actor: Actor, id: str, what: Choice
) -> ActionResult:
    plan = await asyncio.to_thread(bot.jobs.get, id)
    if plan is None or plan.kind != "plan":
        raise CannotAct("plan.expired")
    press = str(body.get("trigger_id", ""))
    decision = await asyncio.to_thread(decide, bot.jobs, plan, what, actor.user, press)
    language = bot.language_of_job(plan)
    note = decision_sentence(decision, language)
    shown = await _without_buttons(bot, body, plan, note)
    if decision != Decision(what, actor.user, press):
        raise CannotAct(f"plan.already_{decision.what}")
    return ActionResult("" if shown else note)


async def _without_buttons(bot: Bot, body: Mapping[str, Any], job: Job, note: str) -> bool:
    """Replace the buttons of the plan's message by `note`; False where Slack does not do it."""
    plan = await asyncio.to_thread(plan_of, bot.jobs, job)
    if plan is None:
        return False
    post = plan_card(plan, bot.language_of_job(job), note=note)
    try:
        await bot.client.chat_update(
            channel=body["container"]["channel_id"],
            ts=body["container"]["message_ts"],
            text=post.text,
            blocks=list(post.blocks),
        )
    except FAILURES as error:
        reason = failure_of(error).reason
        log.warning("job %s: the plan's message keeps its buttons: %s", job.id, reason)
        return False
    return True
