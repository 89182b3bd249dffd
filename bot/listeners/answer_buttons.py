"""The buttons of an answer for the person who asked, and nobody else: Stop while it runs, Continue
and Again when it is there.

Continue and Again work once each: the button goes when it has been pressed.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.background import Background
from bot.bot import Bot
from bot.feedback.refusals import REFUSALS, refusal_sentence
from bot.questions.answer import STOP_ACTION
from bot.questions.changes.follow_up import ACTIONS, How, ask_on
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the buttons."""
    listener = AnswerButtons(bot)
    app.action(STOP_ACTION)(listener.on_stop)
    app.action(ACTIONS["continue"])(listener.on_continue)
    app.action(ACTIONS["again"])(listener.on_again)


class AnswerButtons:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()

    async def on_stop(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take Stop."""
        await ack()
        id, user = str(action.get("value", "")), str(body["user"]["id"])
        job = await asyncio.to_thread(self._bot.jobs.get, id)
        if job is not None and job.destination.get("user") == user:
            state = await asyncio.to_thread(self._bot.jobs.cancel, id, user)
            log.info("job %s: stop pressed while %s", id, state)

    async def on_continue(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take Continue."""
        await ack()
        self._background.start(self._follow_up("continue", body, action))

    async def on_again(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take Again."""
        await ack()
        self._background.start(self._follow_up("again", body, action))

    async def _follow_up(
        self, how: How, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        actor, id = Actor.of_press(body), str(action.get("value") or "")
        language = await self._bot.language_of_press(body)
        try:
            await asyncio.to_thread(partial(ask_on, self._bot, actor.user, id, how))
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
            return
        log.info("job %s: %s pressed", id, how)
        await self._take_away(ACTIONS[how], actor, body)

    async def _take_away(self, action: str, actor: Actor, body: Mapping[str, Any]) -> None:
        """Show the pressed message without the button; where that fails it does nothing again."""
        message = body.get("message") or {}
        blocks = without_button(message.get("blocks"), action)
        if not blocks:
            return
        try:
            await self._bot.client.chat_update(
                channel=actor.channel,
                ts=str(body["container"]["message_ts"]),
                text=str(message.get("text") or ""),
                blocks=blocks,
            )
        except FAILURES as error:
            log.info("a pressed button stays: %s", failure_of(error).reason)


def without_button(blocks: Any, action: str) -> list[dict[str, Any]]:
    """Return the blocks of a message without the button of `action`, and without an empty row.

    Empty where they are not as Slack sends them.
    """
    kept = []
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, dict):
            return []
        if block.get("type") == "actions" and isinstance(block.get("elements"), list):
            elements = [e for e in block["elements"] if e.get("action_id") != action]
            if elements:
                kept.append({**block, "elements": elements})
        else:
            kept.append(block)
    return kept
