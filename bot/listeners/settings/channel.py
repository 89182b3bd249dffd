"""`/swallow-channel` and its form: acknowledged at once, carried out in the background."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.admin_action import Action, perform
from bot.background import Background
from bot.bot import Bot
from bot.channels import actions
from bot.channels.command import Set, Show, parse
from bot.channels.form import FORM, filled_in
from bot.i18n.lookup import Language
from bot.slack.actor import Actor
from bot.slack.command_words import Help, Wrong, usage
from bot.slack.notify import acknowledge_with


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the command and the form."""
    listener = ChannelSettingsListener(bot)
    app.command("/swallow-channel")(listener.on_command)
    app.view(FORM)(listener.on_form)


class ChannelSettingsListener:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()

    async def on_command(self, ack: AsyncAck, command: Mapping[str, Any]) -> None:
        """Take `/swallow-channel`."""
        text = str(command.get("text") or "")
        actor = Actor.of_command(command)
        language = await self._bot.language_for(actor.user, text)
        parsed = parse(text)
        if isinstance(parsed, Wrong):
            await acknowledge_with(ack, parsed.sentence(language))
            return
        if isinstance(parsed, Help):
            await acknowledge_with(ack, usage("channel", language))
            return
        await ack()
        if isinstance(parsed, Show):
            trigger = str(command.get("trigger_id") or "")
            if parsed.form:
                self._background.start(actions.open_form(self._bot, actor, trigger, language))
            else:
                self._background.start(actions.show(self._bot, actor, language))
        else:
            self._change(actor, parsed, language)

    async def on_form(
        self, ack: AsyncAck, body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        """Take the form; it stays open with what is wrong."""
        person = Actor.of_form(body)
        language = await self._bot.language_for(person.user)
        wanted, wrong = filled_in(view, language)
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        channel = str(view.get("private_metadata") or "")
        self._change(Actor(person.user, person.team, channel, dm=not channel), wanted, language)

    def _change(self, actor: Actor, wanted: Set, language: Language) -> None:
        names = sorted({*wanted.values, *(["adapter"] if wanted.adapter is not None else [])})
        action = Action("channel set", " ".join([actor.channel, *names]))
        do = partial(actions.change, self._bot, actor, wanted, language)
        self._background.start(perform(self._bot, actor, action, language, do))
