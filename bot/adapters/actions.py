"""What `/swallow-adapter` and its buttons do: use, off, remove, list, show, compare.

Whether the person may do it is checked before, by `bot.admin_action`. The registry reads files and
Redis and blocks, so it is called in threads.
"""

import asyncio
from functools import partial
from typing import Any

from bot.adapters.evaluation_text import (
    conclusion,
    evaluation_of,
    figures,
    joined,
    short_evaluation,
    verdict,
)
from bot.adapters.in_use import channel_lines
from bot.adapters.worse import ask_again, parsed
from bot.admin_action import ActionResult
from bot.blind import actions as blind
from bot.bot import Bot
from bot.errors import CannotAct
from bot.home import require_home
from bot.i18n.details.translated import detail_in
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.blocks import sentence
from bot.slack.outgoing_text import moment, shortened
from tasks.adapters.reference import adapter_name, reference
from tasks.adapters.registry import ListedAdapter
from tasks.blind.store import differing
from tasks.broker.job_id import job_id
from trainer.errors import AdapterWorse

MOST_LISTED = 20
_QUESTION_CHARACTERS = 2500


async def use(
    bot: Bot,
    actor: Actor,
    name: str,
    language: Language,
    *,
    here: bool = False,
    anyway: bool = False,
) -> ActionResult:
    """Answer with an adapter from the next question on, everywhere or in this channel only.

    Raises:
        NeedsSecondPress: it answers worse than the base model, and not `anyway`.
        AdapterRefused: there is no such adapter, or it cannot be used.
        CannotAct: `here` is no channel.
    """
    await asyncio.to_thread(require_home, bot)
    channel = _channel_of(actor) if here else ""
    try:
        adapter = await asyncio.to_thread(partial(bot.registry.use, name, channel, anyway=anyway))
    except AdapterWorse as error:
        worse = await asyncio.to_thread(bot.registry.get, name)
        raise ask_again(worse, language, here=here) from error
    shared = await bot.language_in(actor.channel, language)
    votes = await blind.tally(bot, reference(adapter), shared)
    evaluation = joined([short_evaluation(adapter.about, shared), *votes], shared)
    key = "adapter.used_here" if here else "adapter.used"
    text = say(key, shared, name=adapter.name, user=actor.user, evaluation=evaluation)
    if not here:
        text += await _own_adapter(bot, actor, shared)
    return ActionResult(text, to_channel=True)


async def use_anyway(bot: Bot, actor: Actor, value: str, language: Language) -> ActionResult:
    """Do what the second press says, whose `value` names the adapter that was asked about.

    Raises:
        CannotAct: that adapter was replaced since, or the value is none of ours.
        AdapterRefused: there is no such adapter, or it cannot be used.
    """
    await asyncio.to_thread(require_home, bot)
    used, here = parsed(value)
    name = adapter_name(used)
    if reference(await asyncio.to_thread(bot.registry.get, name)) != used:
        raise CannotAct("adapter.changed", name=_safe(name))
    return await use(bot, actor, name, language, here=here, anyway=True)


async def off(bot: Bot, actor: Actor, language: Language) -> ActionResult:
    """Answer with the base model from the next question on.

    Raises:
        CannotAct: no adapter is in use.
    """
    name = await asyncio.to_thread(bot.registry.off)
    if not name:
        own = await _own_adapter(bot, actor, language)
        raise CannotAct("adapter.off_already", own=own)
    shared = await bot.language_in(actor.channel, language)
    own = await _own_adapter(bot, actor, shared)
    text = say("adapter.off", shared, name=_safe(name), user=actor.user)
    return ActionResult(text + own, to_channel=True)


async def off_here(bot: Bot, actor: Actor, language: Language) -> ActionResult:
    """Answer in this channel as everywhere else from the next question on.

    Raises:
        CannotAct: the channel has no adapter of its own, or it is no channel.
    """
    name = await asyncio.to_thread(bot.registry.off, _channel_of(actor))
    if not name:
        raise CannotAct("adapter.off_here_already")
    default = adapter_name(await asyncio.to_thread(lambda: bot.registry.in_use))
    key = "adapter.off_here_default" if default else "adapter.off_here"
    shared = await bot.language_in(actor.channel, language)
    text = say(key, shared, name=_safe(name), user=actor.user, default=_safe(default))
    return ActionResult(text, to_channel=True)


async def remove(bot: Bot, actor: Actor, name: str, language: Language) -> ActionResult:
    """Delete an adapter.

    Raises:
        AdapterRefused: there is no such adapter, or it is in use.
    """
    await asyncio.to_thread(require_home, bot)
    await asyncio.to_thread(bot.registry.remove, name)
    shared = await bot.language_in(actor.channel, language)
    return ActionResult(say("adapter.removed", shared, name=name, user=actor.user), to_channel=True)


async def list_all(bot: Bot, language: Language) -> ActionResult:
    """List the adapters, and say which is in use."""
    await asyncio.to_thread(require_home, bot)
    adapters = await asyncio.to_thread(bot.registry.all)
    if not adapters:
        return ActionResult(say("adapter.none", language))
    lines = [say("adapter.list", language, count=len(adapters))]
    lines += [_line(item, language) for item in adapters[:MOST_LISTED]]
    if len(adapters) > MOST_LISTED:
        lines.append(say("adapter.more", language, count=len(adapters) - MOST_LISTED))
    lines += await asyncio.to_thread(channel_lines, bot, language)
    return ActionResult("\n".join(lines))


async def show(bot: Bot, name: str, language: Language) -> ActionResult:
    """Say how an adapter was trained, and how it was evaluated.

    Raises:
        AdapterRefused: there is no such adapter.
    """
    await asyncio.to_thread(require_home, bot)
    adapter = await asyncio.to_thread(bot.registry.get, name)
    about = adapter.about
    evaluation, data = evaluation_of(about), about.get("data")
    votes = await blind.tally(bot, reference(adapter), language)
    lines = [*conclusion(about, language), *votes, *figures(evaluation, language)]
    text = say(
        "adapter.show",
        language,
        name=adapter.name,
        base=_safe(adapter.base_model),
        rank=adapter.rank,
        alpha=f"{adapter.alpha:g}",
        targets=", ".join(adapter.targets),
        data=_safe(data.get("name", "?") if isinstance(data, dict) else "?"),
        date=moment(str(about.get("date", "?"))),
        evaluation="\n".join(lines),
        digest=adapter.digest[:12],
    )
    return ActionResult(text)


async def compare(
    bot: Bot, actor: Actor, name: str, question: str, key: str, language: Language
) -> ActionResult:
    """Let the base model and an adapter answer the same question in one thread.

    `key` is the same for repeats of one command by Slack, so that they ask nothing twice.

    Raises:
        AdapterRefused: there is no such adapter, or it cannot be used.
        SlackClientError: Slack refuses the message that opens the thread.
    """
    await asyncio.to_thread(require_home, bot)
    adapter = await asyncio.to_thread(bot.registry.offer, name)
    shared = await bot.language_in(actor.channel, language)
    root = await _open_thread(bot, actor, name, question, shared)
    sides = (
        ("", say("compare.base", shared)),
        (reference(adapter), say("compare.adapter", shared, name=adapter.name)),
    )
    for asked_with, heading in sides:
        id = job_id("compare", key, asked_with)
        destination = {**actor.destination(), "ts": root, "thread_ts": root}
        asked = {
            "text": question,
            "files": [],
            "heading": heading,
            "request": {"instruction": question, "input": "", "thread": []},
        }
        await asyncio.to_thread(
            bot.jobs.create, id, "answer", destination=destination, asked=asked, adapter=asked_with
        )
    return ActionResult(say("compare.begun", language))


async def compare_blind(
    bot: Bot, actor: Actor, name: str, key: str, language: Language
) -> ActionResult:
    """Let people vote on the answers of an adapter's exam; `key` as for `compare`.

    Raises:
        AdapterRefused: there is no such adapter.
        CannotAct: there is no question to be shown on which base and adapter differ.
    """
    await asyncio.to_thread(require_home, bot)
    adapter = await asyncio.to_thread(bot.registry.get, name)
    sides = differing(adapter.about.get("exam"))
    begun = await blind.begin(
        bot,
        job_id("blind", key),
        reference(adapter),
        sides,
        channel=actor.channel,
        thread_ts="",
        language=await bot.language_in(actor.channel, language),
        user=actor.user,
    )
    if not begun:
        raise CannotAct("blind.nothing", name=name)
    return ActionResult(say("blind.begun", language))


async def _open_thread(bot: Bot, actor: Actor, name: str, question: str, language: Language) -> str:
    shown = shortened(question, _QUESTION_CHARACTERS).replace("\n", "\n> ")
    text = say("compare.root", language, name=name, user=actor.user, question=f"> {shown}")
    post = sentence(text)
    posted = await bot.client.chat_postMessage(
        channel=actor.channel, text=post.text, blocks=list(post.blocks)
    )
    return str(posted["ts"])


def _line(item: ListedAdapter, language: Language) -> str:
    if item.problem:
        problem = _safe(detail_in(language, item.problem))
        return say("adapter.line_problem", language, name=_safe(item.name), problem=problem)
    return say(
        "adapter.line_in_use" if item.in_use else "adapter.line",
        language,
        name=_safe(item.name),
        verdict=verdict(item.verdict, language, short=True),
        rank=item.rank,
        base=_safe(item.base_model),
        date=_safe(item.date)[:10],
    )


def _channel_of(actor: Actor) -> str:
    """Return the channel that the actor calls "here".

    Raises:
        CannotAct: they are in their direct messages.
    """
    if actor.dm:
        raise CannotAct("adapter.here_is_no_channel")
    return actor.channel


async def _own_adapter(bot: Bot, actor: Actor, language: Language) -> str:
    """Return the sentence that the actor's channel has an adapter of its own, where it has."""
    own = (await asyncio.to_thread(lambda: bot.registry.channels)).get(actor.channel)
    if own is None:
        return ""
    return say("adapter.own", language, name=_safe(adapter_name(own)))


def _safe(value: Any) -> str:
    return shortened(str(value), 120)
