"""The shortcuts *Summarise*, *Translate* and *Ask about this* in a message's menu, and their forms.

A form is opened within three seconds, after which Slack takes its trigger no more; what is asked is
stored before, so that it is answered in any case.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.background import Background
from bot.bot import Bot
from bot.feedback.refusals import REFUSALS, refusal_sentence
from bot.i18n.lookup import Language, say
from bot.shortcuts import asking
from bot.shortcuts.sharing import share
from bot.shortcuts.views import (
    ANSWER_FORM,
    CHOICE_ACTION,
    MOST_CHARACTERS,
    QUESTION_FORM,
    SHARE_ACTION,
    answer_form,
    filled_in,
    is_complete,
    job_in,
    question_form,
    waiting,
)
from bot.shortcuts.wanted import How, Wanted, language_to
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.refusals import FAILURES, failure_of
from bot.slack.views import open_view
from tasks.asking.subjects import Closed, Subject, Subjects

log = logging.getLogger(__name__)

STORE_SECONDS = 1.5
"""How long the broker's disk may take: Slack wants a form, or the answer to one, within three
seconds, and the person's language may have taken most of one."""

CALLBACKS: Mapping[How, str] = {
    "summarise": "summarise_message",
    "translate": "translate_message",
    "ask": "ask_about_message",
}


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the shortcuts and their forms."""
    listener = ShortcutListener(bot)
    app.shortcut(CALLBACKS["summarise"])(listener.on_summarise)
    app.shortcut(CALLBACKS["translate"])(listener.on_translate)
    app.shortcut(CALLBACKS["ask"])(listener.on_ask)
    app.view(QUESTION_FORM)(listener.on_question)
    app.view_closed(ANSWER_FORM)(listener.on_closed)
    app.action(CHOICE_ACTION)(listener.on_choice)
    app.action(SHARE_ACTION)(listener.on_share)


class ShortcutListener:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()

    async def on_summarise(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Take *Summarise*."""
        await ack()
        self._background.start(self._begin("summarise", body))

    async def on_translate(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Take *Translate*."""
        await ack()
        self._background.start(self._begin("translate", body))

    async def on_ask(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Take *Ask about this*."""
        await ack()
        self._background.start(self._begin("ask", body))

    async def on_question(
        self, ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        """Take what somebody asks about a message; the form stays open with what is wrong."""
        actor, id = Actor.of_form(body), job_in(view)
        question, scope = filled_in(view)
        language = await self._bot.language_for(actor.user, question)
        if not question or len(question) > MOST_CHARACTERS:
            key = "form.too_long" if question else "form.empty"
            wrong = say(key, language, most=f"{MOST_CHARACTERS:,}")
            await ack(response_action="errors", errors={"question": wrong})
            return
        try:
            ask = partial(asking.ask_about, self._bot, actor, id, question, scope, language)
            wanted, subject = await asyncio.wait_for(asyncio.to_thread(ask), STORE_SECONDS)
        except REFUSALS as error:
            errors = {"question": refusal_sentence(error, language)}
            await ack(response_action="errors", errors=errors)
            return
        await ack(response_action="update", view=self._begun(id, wanted, subject, language))

    async def on_closed(self, ack: AsyncAck, view: Mapping[str, Any]) -> None:
        """Take that a form with an answer was closed."""
        await ack()
        how: Closed = "complete" if is_complete(view) else "early"
        note = partial(Subjects(self._bot.jobs.redis).note_closed, job_in(view), how)
        try:
            await asyncio.to_thread(note)
        except RedisError as error:
            log.warning("a form was closed and nobody noted it: %s", type(error).__name__)

    async def on_choice(
        self,
        ack: AsyncAck,
        body: Mapping[str, Any],
        action: Mapping[str, Any],
    ) -> None:
        """Take another language of a translation, or whether the whole thread is meant."""
        await ack()
        chosen = action.get("selected_option") or {}
        value = str(chosen.get("value") or "") if isinstance(chosen, Mapping) else ""
        view = body.get("view")
        id = job_in(view) if isinstance(view, Mapping) else ""
        self._background.start(
            self._choose(Actor.of_press(body), body, id, value, str(action.get("action_ts") or ""))
        )

    async def on_share(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take *Share in the thread*."""
        await ack()
        self._background.start(self._share(body, str(action.get("value") or "")))

    async def _begin(self, how: How, body: Mapping[str, Any]) -> None:
        actor, id = Actor.of_shortcut(body), asking.id_of(body)
        language = await self._bot.language_of_press(body)
        try:
            subject = asking.subject_of(self._bot, actor, body)
            storing = partial(self._store, how, actor, id, subject, language)
            view = await asyncio.wait_for(asyncio.to_thread(storing), STORE_SECONDS)
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
            return
        if view is None:
            return  # the same press came before
        trigger = str(body.get("trigger_id") or "")
        if how == "ask":
            await open_view(self._bot.client, actor, trigger, view, language)
        else:
            await self._open_answer(id, trigger, view)

    def _store(
        self, how: How, actor: Actor, id: str, subject: Subject, language: Language
    ) -> dict[str, Any] | None:
        """Store what is asked about, and the question if it is known; returns the form to open."""
        asking.keep_subject(self._bot, id, subject)
        if how == "ask":
            return question_form(id, subject, language)
        wanted = Wanted(how, to=language)
        if how == "translate":
            wanted = Wanted(how, to=language_to(subject.text, language))
        elif subject.thread_ts == subject.ts:
            wanted = Wanted(how, "thread", to=language)
        if not asking.ask(self._bot, actor.team, id, wanted, subject, language):
            return None
        return self._begun(id, wanted, subject, language)

    def _begun(
        self, id: str, wanted: Wanted, subject: Subject, language: Language
    ) -> dict[str, Any]:
        space = "" if language == "ja" else " "
        text = f"{self._bot.name}{space}{say('status.thinking', language)}"
        return answer_form(id, wanted, subject, waiting(text), language)

    async def _open_answer(self, id: str, trigger: str, view: dict[str, Any]) -> None:
        """Open the form of an answer; where Slack refuses, it comes as a direct message."""
        try:
            await self._bot.client.views_open(trigger_id=trigger, view=view)
        except FAILURES as error:
            failure = failure_of(error)
            log.warning("job %s: its form was not opened: %s", id, failure.reason)
            if failure.answered:
                note = partial(Subjects(self._bot.jobs.redis).note_closed, id, "early")
                await asyncio.to_thread(note)

    async def _choose(
        self, actor: Actor, body: Mapping[str, Any], id: str, value: str, at: str
    ) -> None:
        language = await self._bot.language_of_press(body)
        try:
            await asyncio.to_thread(asking.choose, self._bot, actor, id, value, at)
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))

    async def _share(self, body: Mapping[str, Any], id: str) -> None:
        actor = Actor.of_press(body)
        language = await self._bot.language_of_press(body)
        try:
            job = await asyncio.to_thread(self._bot.jobs.get, id)
            channel = str(job.destination["channel"]) if job else ""
            shared = await self._bot.language_in(channel, language)
            begun = await asyncio.to_thread(share, self._bot.jobs, actor.user, id, shared)
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
            return
        if actor.channel:  # pressed in a direct message, which does not change
            key = "share.begun" if begun else "share.already"
            await notify_person(self._bot.client, actor, say(key, language))
