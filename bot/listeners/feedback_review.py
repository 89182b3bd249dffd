"""The buttons with which admins decide about rows, and authors take theirs back; the Home tab."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.admin_action import Action, can_be_logged, perform, write_audit_line
from bot.background import Background
from bot.bot import Bot
from bot.feedback import review
from bot.feedback.cards import (
    APPROVE_ACTION,
    APPROVE_ALL_ACTION,
    EXAM_ACTION,
    REFUSE_ACTION,
    REMOVE_ACTION,
)
from bot.feedback.home_tab import publish
from bot.feedback.proposals import remove_own
from bot.feedback.refusals import REFUSALS, refusal_sentence
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.outgoing_text import escape

_DECISIONS: dict[str, review.Decision] = {
    APPROVE_ACTION: "training",
    EXAM_ACTION: "exam",
    REFUSE_ACTION: "refused",
}


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the buttons and for the opened tab."""
    listener = ReviewListener(bot)
    for action in _DECISIONS:
        app.action(action)(listener.on_decision)
    app.action(APPROVE_ALL_ACTION)(listener.on_approve_all)
    app.action(REMOVE_ACTION)(listener.on_remove)
    app.event("app_home_opened")(listener.on_home)


class ReviewListener:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()

    async def on_decision(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take an admin's press under a row."""
        await ack()
        actor, seen = Actor.of_press(body), str(action.get("value") or "")
        decision = _DECISIONS[str(action["action_id"])]
        language = await self._bot.language_of_press(body)
        do = partial(review.decide, self._bot, actor, body, seen, decision, language)
        name = "feedback refuse" if decision == "refused" else "feedback approve"
        self._background.start(perform(self._bot, actor, Action(name, _ids(seen)), language, do))

    async def on_approve_all(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take an admin's press for all rows that are shown."""
        await ack()
        actor, seen = Actor.of_press(body), str(action.get("value") or "")
        language = await self._bot.language_of_press(body)
        do = partial(review.approve_all, self._bot, actor, seen.split(), language)
        act = Action("feedback approve", _ids(seen))
        self._background.start(perform(self._bot, actor, act, language, do))

    async def on_remove(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take an author's press under an own row."""
        await ack()
        id, language = str(action.get("value") or ""), await self._bot.language_of_press(body)
        self._background.start(self._remove(Actor.of_press(body), id, language))

    async def on_home(self, event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Show the tab to who opens it."""
        if event.get("tab", "home") == "home":
            actor = Actor(str(event["user"]), str(body.get("team_id", "")), channel="", dm=True)
            self._background.start(self._publish(actor))

    async def _publish(self, actor: Actor) -> None:
        await publish(self._bot, actor, await self._bot.language_for(actor.user))

    async def _remove(self, actor: Actor, id: str, language: Language) -> None:
        if not await can_be_logged(self._bot, actor, language):
            return
        action = Action("feedback remove", id)
        try:
            done = await asyncio.to_thread(remove_own, self._bot, actor, id)
        except REFUSALS as error:
            await write_audit_line(self._bot, actor, action, "failed", type(error).__name__)
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
        else:
            await write_audit_line(self._bot, actor, action, "done", records=len(done.ids))
            text = say("feedback.removed", language)
            if done.adapters:
                names = escape(", ".join(adapter.name for adapter in done.adapters))
                text += " " + say("feedback.adapters", language, names=names)
            await notify_person(self._bot.client, actor, text)
        await publish(self._bot, actor, language)


def _ids(seen: str) -> str:
    """Return what was decided about, for the audit log."""
    return " ".join(row.partition(":")[0] for row in seen.split())
