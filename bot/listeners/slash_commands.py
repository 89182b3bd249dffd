"""The slash commands: acknowledged at once, carried out after.

A malformed command gets its usage in the acknowledgement. A training's plan is stored before Slack
hears that the command arrived, under an id of the command's own, so that a repeat is dropped.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.adapters import actions as adapter_actions
from bot.adapters import command as adapter
from bot.admin_action import Action, Told, act
from bot.bot import Bot
from bot.i18n.catalogue import Language, say
from bot.listeners.background import Background
from bot.questions.answer import sentence
from bot.slack.actor import Actor
from bot.slack.command_words import Wrong, usage
from bot.slack.text import plain
from bot.trainings import actions as training_actions
from bot.trainings import command as train
from tasks.broker.job_id import job_id

log = logging.getLogger(__name__)

Do = Callable[[], Awaitable[Told]]


def register(app: AsyncApp, bot: Bot) -> None:
    """Register both commands."""
    listener = Commands(bot)
    app.command("/swallow-train")(listener.on_train)
    app.command("/swallow-adapter")(listener.on_adapter)


class Commands:
    """The listeners."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()
        # Threads of their own: while the broker is away, the relay's calls fill the common ones.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="commands")

    async def on_train(self, ack: AsyncAck, command: Mapping[str, Any]) -> None:
        """Take `/swallow-train`."""
        text = _text_of(command)
        language, actor = self._bot.language(text), Actor.of_command(command)
        wanted = train.parse(text)
        if isinstance(wanted, Wrong):
            await _say(ack, wanted.sentence(language))
        elif isinstance(wanted, train.Help):
            await _say(ack, usage("train", language))
        elif isinstance(wanted, train.Start):
            await _say(ack, await self._plan(actor, command, wanted, text, language))
        else:
            await ack()
            action, do = self._training(wanted, actor, _key(command), text, language)
            self._background.start(act(self._bot, actor, action, language, do))

    async def on_adapter(self, ack: AsyncAck, command: Mapping[str, Any]) -> None:
        """Take `/swallow-adapter`."""
        text = plain(_text_of(command))
        language, actor = self._bot.language(text), Actor.of_command(command)
        wanted = adapter.parse(text)
        if isinstance(wanted, Wrong):
            await _say(ack, wanted.sentence(language))
        elif isinstance(wanted, train.Help):
            await _say(ack, usage("adapter", language))
        else:
            await ack()
            action, do = self._adapter(wanted, actor, _key(command), language)
            self._background.start(act(self._bot, actor, action, language, do))

    async def _plan(
        self,
        actor: Actor,
        command: Mapping[str, Any],
        wanted: train.Start,
        text: str,
        language: Language,
    ) -> str:
        """Store the plan's job; who may is asked by its follower, which has the time."""
        id = job_id(_key(command))
        asked = {"text": text, "options": dict(wanted.options)}
        store = partial(
            self._bot.jobs.create,
            id,
            "plan",
            destination=actor.destination(),
            asked=asked,
            adapter="",
        )
        try:
            loop = asyncio.get_running_loop()
            stored = await loop.run_in_executor(self._threads, store)
        except RedisError as error:
            log.warning("a plan was not stored: %s", type(error).__name__)
            return say("act.broker_away", language)
        log.info("plan %s: %s", id, stored)
        return say("plan.repeat" if stored == "repeat" else "plan.working", language)

    def _training(
        self,
        wanted: train.Status | train.Cancel | train.Resume,
        actor: Actor,
        key: str,
        text: str,
        language: Language,
    ) -> tuple[Action, Do]:
        bot, actions = self._bot, training_actions
        match wanted:
            case train.Status():
                return Action("train status"), partial(actions.status, bot, language)
            case train.Cancel(id):
                do = partial(actions.cancel, bot, actor, id, language)
                return Action("train cancel", id), do
            case train.Resume(id):
                do = partial(actions.resume, bot, actor, id, key, text, language)
                return Action("train resume", id), do

    def _adapter(
        self,
        wanted: adapter.Off | adapter.List | adapter.Named | adapter.Compare,
        actor: Actor,
        key: str,
        language: Language,
    ) -> tuple[Action, Do]:
        bot, actions = self._bot, adapter_actions
        match wanted:
            case adapter.Off():
                return Action("adapter off"), partial(actions.off, bot, actor, language)
            case adapter.List():
                return Action("adapter list"), partial(actions.list_all, bot, language)
            case adapter.Compare(name, question):
                do = partial(actions.compare, bot, actor, name, question, key, language)
                return Action("adapter compare", name), do
            case adapter.Named("use", name):
                return Action("adapter use", name), partial(actions.use, bot, actor, name, language)
            case adapter.Named("remove", name):
                return Action("adapter remove", name), partial(
                    actions.remove, bot, actor, name, language
                )
            case adapter.Named(_, name):
                return Action("adapter show", name), partial(actions.show, bot, name, language)


async def _say(ack: AsyncAck, text: str) -> None:
    post = sentence(text)
    await ack(text=post.text, blocks=list(post.blocks), response_type="ephemeral")


def _text_of(command: Mapping[str, Any]) -> str:
    """Return what was typed, without halves of characters that nothing can store."""
    return str(command.get("text") or "").encode("utf-8", "replace").decode()


def _key(command: Mapping[str, Any]) -> str:
    """Return what tells this command from every other, and is the same for its repeats."""
    return f"{command.get('team_id')}/{command.get('channel_id')}/{command.get('trigger_id')}"
