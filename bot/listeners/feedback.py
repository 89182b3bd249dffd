"""Under an answer: the thumbs and the button to correct it. On a message: the shortcut to teach it.
And the forms that both open.

What is pressed is acknowledged at once and done in the background; a form that is submitted is
stored before it closes, so that what was written is never lost: it stays open with the reason.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.background import Background
from bot.bot import Bot
from bot.errors import CannotAct
from bot.feedback import proposals
from bot.feedback.forms import CORRECT_FORM, TEACH_FORM, Texts, filled_in, form, problems
from bot.feedback.lesson import lesson_of
from bot.feedback.refusals import REFUSALS, refusal_sentence
from bot.feedback.review import tell_admins
from bot.i18n.lookup import Language, say
from bot.questions.rating import CORRECT_ACTION, GOOD, RATE_ACTION, job_in
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.views import open_view
from tasks.feedback.first_time import first_time
from tasks.feedback.row import FeedbackRow

log = logging.getLogger(__name__)

STORE_SECONDS = 2.0
"""How long a form may take to the broker's disk: Slack wants an answer within three, and the
person's language may have taken most of one."""

Propose = Callable[[Bot, Actor, str, Texts, str], FeedbackRow]


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the buttons, the shortcut and the forms."""
    listener = FeedbackListener(bot)
    app.action(RATE_ACTION)(listener.on_rating)
    app.action(CORRECT_ACTION)(listener.on_correct)
    app.shortcut(TEACH_FORM)(listener.on_teach)
    app.view(CORRECT_FORM)(listener.on_correction)
    app.view(TEACH_FORM)(listener.on_lesson)


class FeedbackListener:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def on_rating(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take a thumb."""
        await ack()
        actor, job = Actor.of_press(body), job_in(str(action.get("block_id") or ""))
        # One person's presses are done in their order: the last one counts.
        lock = self._locks.setdefault((job, actor.user), asyncio.Lock())
        self._background.start(self._rate(actor, job, body, action, lock))

    async def on_correct(
        self, ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]
    ) -> None:
        """Take the button under an answer."""
        await ack()
        actor, job = Actor.of_press(body), str(action.get("value") or "")
        self._background.start(self._open_correction(actor, job, body))

    async def on_teach(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Take the shortcut on a message."""
        await ack()
        self._background.start(self._open_lesson(Actor.of_shortcut(body), body))

    async def on_correction(
        self, ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        """Take a corrected answer."""
        await self._take(ack, body, view, proposals.propose_correction)

    async def on_lesson(
        self, ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        """Take a taught answer."""
        await self._take(ack, body, view, proposals.propose_lesson)

    async def _rate(
        self,
        actor: Actor,
        job: str,
        body: Mapping[str, Any],
        action: Mapping[str, Any],
        lock: asyncio.Lock,
    ) -> None:
        at, good = str(action.get("action_ts") or ""), action.get("value") == GOOD
        language = await self._bot.language_of_press(body)
        try:
            await proposals.require_giver(self._bot, actor)
            async with lock:
                key = await asyncio.to_thread(proposals.rate, self._bot, actor, job, at, good=good)
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
            return
        if key:
            await notify_person(self._bot.client, actor, say(key, language))

    async def _open_correction(self, actor: Actor, job: str, body: Mapping[str, Any]) -> None:
        language = await self._bot.language_of_press(body)
        try:
            await proposals.require_giver(self._bot, actor)
            opened = await asyncio.to_thread(proposals.begin_correction, self._bot, actor, job)
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
            return
        view = form(CORRECT_FORM, opened.draft, opened.texts, language)
        await self._open(actor, body, view, language)

    async def _open_lesson(self, actor: Actor, body: Mapping[str, Any]) -> None:
        language = await self._bot.language_of_press(body)
        try:
            await proposals.require_giver(self._bot, actor)
            lesson = await lesson_of(self._bot, actor, body)
            draft = await asyncio.to_thread(
                proposals.begin_lesson, self._bot, actor, lesson.ts, lesson.people, language
            )
        except REFUSALS as error:
            await notify_person(self._bot.client, actor, refusal_sentence(error, language))
            return
        await self._open(actor, body, form(TEACH_FORM, draft, lesson.texts, language), language)

    async def _open(
        self, actor: Actor, body: Mapping[str, Any], view: dict[str, Any], language: Language
    ) -> None:
        trigger = str(body.get("trigger_id") or "")
        await open_view(self._bot.client, actor, trigger, view, language)

    async def _take(
        self, ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any], propose: Propose
    ) -> None:
        """Store what a form says and close it, or leave it open with what is wrong."""
        actor, draft = Actor.of_form(body), str(view.get("private_metadata") or "")
        texts = filled_in(view)
        language = await self._bot.language_for(actor.user, texts.instruction + texts.output)
        wrong = problems(texts, language)
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        storing = asyncio.to_thread(propose, self._bot, actor, draft, texts, str(view.get("id")))
        try:
            row = await asyncio.wait_for(storing, STORE_SECONDS)
        except REFUSALS as error:
            field = "output" if isinstance(error, CannotAct) else "instruction"
            await ack(response_action="errors", errors={field: refusal_sentence(error, language)})
            return
        await ack()
        self._background.start(self._tell(actor, row, view, language))

    async def _tell(
        self, actor: Actor, row: FeedbackRow, view: Mapping[str, Any], language: Language
    ) -> None:
        """Thank the author where the form was opened, and ask admins; once for each form."""
        form_id, draft = str(view.get("id")), str(view.get("private_metadata") or "")
        try:
            if not await asyncio.to_thread(first_time, self._bot.jobs.redis, "form", form_id):
                return
            opened = await asyncio.to_thread(proposals.opened_by, self._bot, actor, draft)
        except RedisError as error:
            log.warning("a row was stored, and nobody told: %s", type(error).__name__)
            return
        actor = proposals.where(actor, opened) if opened else actor
        await notify_person(self._bot.client, actor, say(f"feedback.{row.kind}", language))
        await tell_admins(self._bot, row)
