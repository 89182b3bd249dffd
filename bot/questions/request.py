"""Turns a stored question into the request a worker answers: text, files and thread together.

Runs after Slack was told that the event arrived, and again on another bot if this one dies.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.bot import Bot
from bot.questions.attached_files import text_of_files
from bot.questions.changes import follow_up
from bot.questions.options import adapter_in, sampling_of
from bot.questions.parse import parse
from bot.questions.thread_turns import thread_before, with_speakers
from tasks.asking.channels import ChannelSettings
from tasks.broker.job import Job
from trainer.data.wordings import language_of
from trainer.prompts.instructions import asks_for_summary


@dataclass(frozen=True)
class Prepared:
    """A request, and the adapter that it names instead of the one in use; None: that one."""

    request: dict[str, Any]
    adapter: str | None = None


async def prepare(bot: Bot, job: Job, own: ChannelSettings) -> Prepared | None:
    """Return the request of `job`; None where it asks nothing and is answered with the help.

    `own` are the settings of the channel in which it was asked.

    Raises:
        CannotAnswer: a file cannot be read, an option is wrong, or what it follows is gone.
        RedisError: the broker is away.
    """
    if "request" in job.asked:  # the bot itself asks, as for a comparison
        return Prepared(in_channel(job.asked["request"], own))
    if "follows" in job.asked:
        return Prepared(await asyncio.to_thread(follow_up.request_of, bot.jobs, job))
    asked = parse(job.asked["text"], bot.user)
    sampling = sampling_of(asked.options)
    adapter = await asyncio.to_thread(adapter_in, bot, asked.options)
    material = await text_of_files(bot.client, job.asked["files"])
    instruction, input = asked.instruction, "\n\n".join(filter(None, [asked.input, material]))
    if not instruction:
        instruction, input = input, ""
    if not instruction:
        return None
    request = {"instruction": instruction, "input": input, **sampling}
    request |= await _from_thread(bot, job, request)
    return Prepared(in_channel(request, own), adapter)


async def _from_thread(bot: Bot, job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a question in a thread takes from it.

    In a conversation with the bot these are its turns. Where people talk, what they have said is
    what the question is about, until the bot has answered there; a summary is always of all.
    """
    thread = await thread_before(bot.client, job.destination, bot.user)
    summary = asks_for_summary(request["instruction"]) and not request["input"]
    if not thread.of_people or not thread.turns or (thread.has_answers and not summary):
        return {"thread": thread.turns}
    material = await with_speakers(bot.people, bot.name, thread.turns)
    taken: dict[str, Any] = {"material": material}
    if summary:
        taken["summarise"] = language_of(request["instruction"])
    return taken


def in_channel(request: Mapping[str, Any], own: ChannelSettings) -> dict[str, Any]:
    """Return a request with what the settings of its channel say."""
    changed = dict(request)
    if own.instructions:
        changed["standing"] = own.instructions
    if own.max_new_tokens:
        asked = request.get("max_new_tokens", own.max_new_tokens)
        changed["max_new_tokens"] = min(asked, own.max_new_tokens)
    return changed
