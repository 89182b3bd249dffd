"""The buttons with which admins decide about rows, and authors take theirs back."""

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
from bot.feedback.proposals import remove_own
from bot.feedback.refusals import REFUSALS, refusal_sentence
from bot.home_tab.publisher import HomeTabs
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.outgoing_text import escape

_DECISIONS: dict[str, review.Decision] = {
    APPROVE_ACTION: "training",
    EXAM_ACTION: "exam",
    REFUSE_ACTION: "refused",
}


def register(app: AsyncApp, bot: Bot, tabs: HomeTabs) -> None:
    """Register for the buttons."""
    listener = ReviewListener(bot, tabs)
    for action in _DECISIONS:
        app.action(action)(listener.on_decision)
    app.action(APPROVE_ALL_ACTION)(listener.on_approve_all)
    app.action(REMOVE_ACTION)(listener.on_remove)


class ReviewListener:
    """The listeners."""

    def __init__(self, bot: Bot, tabs: HomeTabs) -> None:
        self._bot = bot
        self._tabs = tabs
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
        in_tab = (body.get("container") or {}).get("type") == "view"
        self._background.start(self._act(actor, Action(name, _ids(seen)), language, do, in_tab))

    async def on_approve_all(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take an admin's press for all rows that are shown."""
        await ack()
        actor, seen = Actor.of_press(body), str(action.get("value") or "")
        language = await self._bot.language_of_press(body)
        do = partial(review.approve_all, self._bot, actor, seen.split(), language)
        act = Action("feedback approve", _ids(seen))
        self._background.start(self._act(actor, act, language, do, True))

    async def on_remove(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take an author's press under an own row."""
        await ack()
        id, language = str(action.get("value") or ""), await self._bot.language_of_press(body)
        self._background.start(self._remove(Actor.of_press(body), id, language))

    async def _act(
        self, actor: Actor, action: Action, language: Language, do: Any, in_tab: bool
    ) -> None:
        await perform(self._bot, actor, action, language, do)
        if in_tab:
            await self._tabs.publish(actor)

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
        await self._tabs.publish(actor)


def _ids(seen: str) -> str:
    """Return what was decided about, for the audit log."""
    return " ".join(row.partition(":")[0] for row in seen.split())
