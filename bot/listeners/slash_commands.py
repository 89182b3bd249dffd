"""The slash commands: each is parsed, acknowledged, and then carried out in the background.

What is wrong with a command is said in its acknowledgement. A training's plan is stored before the
acknowledgement, under an id derived from the command, so that a repeat of Slack's is dropped.
A new slash command is registered here; its words and its actions get a folder beside
`bot.adapters`.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.adapters import actions as adapter_actions
from bot.adapters import command as adapter
from bot.admin_action import Action, ActionResult, perform
from bot.background import Background
from bot.bot import Bot
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.command_words import Help, Wrong, usage
from bot.slack.incoming_text import without_markup
from bot.slack.notify import acknowledge_with
from bot.trainings import actions as training_actions
from bot.trainings.asking import command as train
from bot.trainings.asking import form_actions
from bot.trainings.asking.plan_store import PlanStore
from tasks.broker.job_id import job_id

Do = Callable[[], Awaitable[ActionResult]]


def register(app: AsyncApp, bot: Bot) -> None:
    """Register the commands."""
    listener = Commands(bot)
    app.command("/swallow-help")(listener.on_help)
    app.command("/swallow-train")(listener.on_train)
    app.command("/swallow-adapter")(listener.on_adapter)


class Commands:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()
        self._plans = PlanStore(bot)

    async def on_help(self, ack: AsyncAck, command: Mapping[str, Any]) -> None:
        """Take `/swallow-help`."""
        language = await self._bot.language_for(str(command["user_id"]), _text_of(command))
        asking = say("help", language, bot=self._bot.name)
        await acknowledge_with(ack, f"{asking}\n\n{say('help.more', language)}")

    async def on_train(self, ack: AsyncAck, command: Mapping[str, Any]) -> None:
        """Take `/swallow-train`."""
        text = _text_of(command)
        actor = Actor.of_command(command)
        language = await self._bot.language_for(actor.user, text)
        parsed = train.parse(text)
        if isinstance(parsed, Wrong):
            await acknowledge_with(ack, parsed.sentence(language))
        elif isinstance(parsed, Help):
            await acknowledge_with(ack, usage("train", language))
        elif isinstance(parsed, train.Ask):
            await ack()
            trigger = str(command.get("trigger_id") or "")
            self._background.start(form_actions.open_form(self._bot, actor, trigger, language))
        elif isinstance(parsed, train.Start):
            job = job_id(_key(command))
            said = await self._plans.store(job, actor, parsed, text, language)
            await acknowledge_with(ack, say(said, language))
        else:
            await ack()
            action, do = self._training(parsed, actor, _key(command), text, language)
            self._background.start(perform(self._bot, actor, action, language, do))

    async def on_adapter(self, ack: AsyncAck, command: Mapping[str, Any]) -> None:
        """Take `/swallow-adapter`."""
        text = without_markup(_text_of(command))
        actor = Actor.of_command(command)
        language = await self._bot.language_for(actor.user, text)
        parsed = adapter.parse(text)
        if isinstance(parsed, Wrong):
            await acknowledge_with(ack, parsed.sentence(language))
        elif isinstance(parsed, Help):
            await acknowledge_with(ack, usage("adapter", language))
        else:
            await ack()
            action, do = self._adapter(parsed, actor, _key(command), language)
            self._background.start(perform(self._bot, actor, action, language, do))

    def _training(
        self,
        parsed: train.ShowStatus | train.Cancel | train.Resume,
        actor: Actor,
        key: str,
        text: str,
        language: Language,
    ) -> tuple[Action, Do]:
        bot, actions = self._bot, training_actions
        match parsed:
            case train.ShowStatus():
                return Action("train status"), partial(actions.status, bot, language)
            case train.Cancel(id):
                do = partial(actions.cancel, bot, actor, id, language)
                return Action("train cancel", id), do
            case train.Resume(id):
                do = partial(actions.resume, bot, actor, id, key, text, language)
                return Action("train resume", id), do

    def _adapter(
        self,
        parsed: adapter.Use | adapter.Off | adapter.List | adapter.Named | adapter.Compare,
        actor: Actor,
        key: str,
        language: Language,
    ) -> tuple[Action, Do]:
        bot, actions = self._bot, adapter_actions
        match parsed:
            case adapter.Use(name, here):
                use = partial(actions.use, bot, actor, name, language, here=here)
                return Action("adapter use", f"{name} here" if here else name), use
            case adapter.Off(here):
                off = actions.off_here if here else actions.off
                target = "here" if here else ""
                return Action("adapter off", target), partial(off, bot, actor, language)
            case adapter.List():
                every = Action("adapter list", for_members=True)
                return every, partial(actions.list_all, bot, language)
            case adapter.Compare(name, ""):
                do = partial(actions.compare_blind, bot, actor, name, key, language)
                return Action("adapter compare", name), do
            case adapter.Compare(name, question):
                do = partial(actions.compare, bot, actor, name, question, key, language)
                return Action("adapter compare", name), do
            case adapter.Named("remove", name):
                return Action("adapter remove", name), partial(
                    actions.remove, bot, actor, name, language
                )
            case adapter.Named(_, name):
                return Action("adapter show", name), partial(actions.show, bot, name, language)


def _text_of(command: Mapping[str, Any]) -> str:
    """Return what was typed."""
    return str(command.get("text") or "")


def _key(command: Mapping[str, Any]) -> str:
    """Return a key that only this command and its repeats have."""
    return f"{command.get('team_id')}/{command.get('channel_id')}/{command.get('trigger_id')}"
