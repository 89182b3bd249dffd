"""Turns what a shortcut asks into the request that a worker answers."""

from typing import Any

from bot.bot import Bot
from bot.errors import CannotAnswer
from bot.questions.request import in_channel
from bot.questions.thread_turns import whole_thread, with_speakers
from bot.shortcuts.wanted import Wanted
from bot.slack.refusals import FAILURES
from tasks.asking.channels import ChannelSettings
from tasks.asking.subjects import Subject
from tasks.settings import MOST_NEW_TOKENS
from trainer.prompts import instructions

TOKENS_PER_CHARACTER = 1.5
"""The most tokens that a character of a translation takes, roughly: it is as long as its text."""


async def prepare(
    bot: Bot, wanted: Wanted, subject: Subject | None, own: ChannelSettings
) -> dict[str, Any]:
    """Return the request of what is wanted of a message; `own` are the settings of its channel.

    Raises:
        CannotAnswer: the message is not on record any more, or its thread cannot be read.
    """
    if subject is None or not subject.text:
        raise CannotAnswer("shortcut_gone")
    material = await _material(bot, wanted, subject)
    instruction = wanted.question
    if wanted.how == "summarise":
        instruction = instructions.summarise(wanted.to, conversation=len(material) > 1)
    elif wanted.how == "translate":
        instruction = instructions.translate(wanted.to)
    request: dict[str, Any] = {"instruction": instruction, "material": material}
    if wanted.how == "summarise":
        request["summarise"] = wanted.to
    if wanted.how == "translate":
        tokens = max(
            bot.task_settings.max_new_tokens, int(len(subject.text) * TOKENS_PER_CHARACTER)
        )
        request["max_new_tokens"] = min(tokens, MOST_NEW_TOKENS)
    request = in_channel(request, own)
    if wanted.how == "translate":
        # It says what its text says, however a channel wants questions to be answered.
        request.pop("standing", None)
    return request


async def _material(bot: Bot, wanted: Wanted, subject: Subject) -> list[dict[str, str]]:
    if wanted.scope == "message":
        return [{"user": subject.writer, "speaker": "", "text": subject.text}]
    try:
        turns = await whole_thread(bot.client, subject.channel, subject.thread_ts, bot.user)
    except FAILURES:
        raise CannotAnswer("shortcut_thread", bot=bot.name) from None
    return await with_speakers(bot.people, bot.name, turns)
