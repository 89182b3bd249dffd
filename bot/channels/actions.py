"""What `/swallow-channel` and its form do: show what holds in a channel, open the form, change it.

Whether the person may change it is checked before, by `bot.admin_action`. Blocking calls run in
threads.
"""

import asyncio
import logging
from typing import Any

from redis.exceptions import RedisError

from bot.adapters import actions as adapter_actions
from bot.admin_action import ActionResult
from bot.bot import Bot
from bot.channels.command import Set
from bot.channels.form import form
from bot.channels.shown import settings_text
from bot.errors import CannotAct, NeedsSecondPress
from bot.home import require_home
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.views import open_view
from tasks.adapters.reference import adapter_name
from tasks.asking.channels import Channels, ChannelSettings

log = logging.getLogger(__name__)


async def show(bot: Bot, actor: Actor, language: Language) -> None:
    """Tell a person what is set for their channel; anybody may know."""
    try:
        text = await _text(bot, actor, language)
    except CannotAct as why:
        text = say(why.key, language, **why.values)
    except RedisError as error:
        log.warning("a channel's settings were not read: %s", type(error).__name__)
        text = say("act.broker_away", language)
    await notify_person(bot.client, actor, text)


async def open_form(bot: Bot, actor: Actor, trigger: str, language: Language) -> None:
    """Open the form for an admin, whose command has a trigger; everybody else is shown what is set.

    A trigger holds for three seconds.
    """
    if actor.dm or await bot.admins.refusal(actor):
        await show(bot, actor, language)
        return
    try:
        view = await asyncio.to_thread(_form, bot, actor.channel, language)
    except RedisError:
        await notify_person(bot.client, actor, say("act.broker_away", language))
        return
    await open_view(bot.client, actor, trigger, view, language)


async def change(bot: Bot, actor: Actor, wanted: Set, language: Language) -> ActionResult:
    """Set what is given, and tell the channel what holds now.

    Raises:
        CannotAct: the person is in no channel.
        NeedsSecondPress: the adapter answers worse than the base model; the rest is set.
        AdapterRefused: there is no such adapter, or it cannot be used; nothing is changed.
        RedisError: the broker is away.
    """
    channel, second_press = _channel_of(actor), None
    if wanted.adapter is not None and wanted.adapter != await asyncio.to_thread(
        _own_adapter, bot, channel
    ):
        try:
            await _choose_adapter(bot, actor, wanted.adapter, language)
        except NeedsSecondPress as asked:
            second_press = asked
    await asyncio.to_thread(Channels(bot.jobs.redis).change, channel, wanted.values)
    if second_press is not None:
        raise second_press
    shared = await bot.language_in(channel, language)
    changed = say("channel.changed", shared, user=actor.user)
    return ActionResult(f"{changed}\n{await _text(bot, actor, shared)}", to_channel=True)


async def _choose_adapter(bot: Bot, actor: Actor, name: str, language: Language) -> None:
    if name:
        await adapter_actions.use(bot, actor, name, language, here=True)
    else:
        await asyncio.to_thread(bot.registry.off, actor.channel)


def _form(bot: Bot, channel: str, language: Language) -> dict[str, Any]:
    settings = Channels(bot.jobs.redis).get(channel)
    return form(channel, settings, _own_adapter(bot, channel), _adapters(bot), language)


def _adapters(bot: Bot) -> list[str]:
    """Return the names of the adapters that can be chosen; none where this bot has no home."""
    try:
        require_home(bot)
    except CannotAct:
        return []
    return [adapter.name for adapter in bot.registry.all() if not adapter.problem]


async def _text(bot: Bot, actor: Actor, language: Language) -> str:
    channel = _channel_of(actor)

    def read() -> tuple[ChannelSettings, str]:
        return Channels(bot.jobs.redis).get(channel), _own_adapter(bot, channel)

    settings, adapter = await asyncio.to_thread(read)
    return settings_text(channel, settings, adapter, language)


def _own_adapter(bot: Bot, channel: str) -> str:
    return adapter_name(bot.registry.channels.get(channel, ""))


def _channel_of(actor: Actor) -> str:
    if actor.dm:
        raise CannotAct("channel.here_is_no_channel")
    return actor.channel
