"""The buttons of an answer for the person who asked, and nobody else: Stop while it runs, Continue
and Again when it is there.

Continue and Again work once each: the button goes when it has been pressed.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.background import Background
from bot.bot import Bot
from bot.feedback.refusals import REFUSALS, refusal_sentence
from bot.questions.answer import STOP_ACTION
from bot.questions.changes.follow_up import ACTIONS, How, ask_on, used_buttons
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
        actor, id = Actor.of_press(body), str(action.get("value", ""))
        try:
            await asyncio.to_thread(self._stop, id, actor.user)
        except RedisError as error:
            language = await self._bot.language_of_press(body)
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))

    def _stop(self, id: str, user: str) -> None:
        job = self._bot.jobs.get(id)
        if job is not None and job.destination.get("user") == user:
            state = self._bot.jobs.cancel(id, user)
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
            revision = await asyncio.to_thread(ask_on, self._bot, actor.user, id, how)
            used = await asyncio.to_thread(used_buttons, self._bot.jobs, id, revision)
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
            return
        log.info("job %s: %s pressed", id, how)
        await self._take_away(used, actor, body)
        with suppress(RedisError):
            # The question may have been edited and answered anew before the button was gone.
            await asyncio.to_thread(self._bot.jobs.show_again, id, revision)

    async def _take_away(
        self, actions: Collection[str], actor: Actor, body: Mapping[str, Any]
    ) -> None:
        """Show the pressed message without these buttons; where that fails they do nothing again.

        The message is as it was when the button was pressed: another press may have taken its own
        button away since.
        """
        message = body.get("message") or {}
        blocks = without_buttons(message.get("blocks"), actions)
        if not actions or not blocks:
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


def without_buttons(blocks: Any, actions: Collection[str]) -> list[dict[str, Any]]:
    """Return the blocks of a message without the buttons of `actions`, and without an empty row.

    Empty where they are not as Slack sends them.
    """
    kept = []
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, dict):
            return []
        if block.get("type") == "actions" and isinstance(block.get("elements"), list):
            elements = [e for e in block["elements"] if e.get("action_id") not in actions]
            if elements:
                kept.append({**block, "elements": elements})
        else:
            kept.append(block)
    return kept
