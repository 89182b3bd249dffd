"""The form of a training: its button unfolds it, and it stays open with what is wrong."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.background import Background
from bot.bot import Bot
from bot.i18n.lookup import say
from bot.slack.actor import Actor
from bot.slack.incoming_text import unescape
from bot.slack.notify import notify_person
from bot.trainings.asking.form import ADVANCED_ACTION, FORM, as_text, filled_in, typed_in
from bot.trainings.asking.form_actions import refused_data, unfold
from bot.trainings.asking.plan_store import AWAY, WORKING, PlanStore
from tasks.broker.job_id import job_id


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the form and its button."""
    listener = TrainingForm(bot)
    app.action(ADVANCED_ACTION)(listener.on_advanced)
    app.view(FORM)(listener.on_form)


class TrainingForm:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()
        self._plans = PlanStore(bot)

    async def on_advanced(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Take the button that unfolds the form."""
        await ack()
        language = await self._bot.language_of_press(body)
        self._background.start(unfold(self._bot, body.get("view") or {}, language))

    async def on_form(
        self, ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        """Take the form: a repeat of it, or a second press, names the same plan."""
        person, typed = Actor.of_form(body), typed_in(view)
        language = await self._bot.language_for(person.user)
        start, wrong = filled_in(typed, language)
        if "data" in start.options:
            refused = await refused_data(self._bot, str(start.options["data"]), language)
            wrong |= {"data": unescape(refused)} if refused else {}
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        channel = str(view.get("private_metadata") or "")
        actor = Actor(person.user, person.team, channel, dm=channel.startswith("D"))
        job = job_id("train form", actor.team, str(view.get("id")))
        said = await self._plans.store(job, actor, start, as_text(typed), language)
        if said == AWAY:
            await ack(response_action="errors", errors={"data": say(said, language)})
            return
        await ack()
        if said == WORKING:
            self._background.start(notify_person(self._bot.client, actor, say(said, language)))
