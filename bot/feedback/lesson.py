"""What the shortcut *Teach this answer* is about: a person's message, and the question above it."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.bot import Bot
from bot.errors import CannotAct
from bot.feedback.forms import Texts
from bot.questions.parse import parse
from bot.slack.actor import Actor
from bot.slack.incoming_text import without_markup, without_mention
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

THREAD_SECONDS = 1.5
"""How long the thread is waited for: a form must be opened within three seconds."""


@dataclass(frozen=True)
class Lesson:
    """The message at `ts`, as texts of a form, and whose words they are."""

    ts: str
    texts: Texts
    people: tuple[str, ...]


async def lesson_of(bot: Bot, actor: Actor, body: Mapping[str, Any]) -> Lesson:
    """Return what a shortcut was used on; without a question where none can be read.

    Raises:
        CannotAct: the message is not a person's, or says nothing.
    """
    message = body["message"]
    writer = str(message.get("user") or "")
    text = without_markup(without_mention(str(message.get("text") or ""), bot.user)).strip()
    if message.get("bot_id") or writer in ("", bot.user):
        raise CannotAct("feedback.not_a_persons")
    if not text:
        raise CannotAct("feedback.no_words")
    ts = str(message["ts"])
    question = await _question(bot, actor.channel, str(message.get("thread_ts") or ts), ts)
    asked = parse(str(question.get("text") or ""), bot.user)
    texts = Texts(asked.instruction, asked.input, text)
    return Lesson(ts, texts, (writer, str(question.get("user") or "")))


async def _question(bot: Bot, channel: str, thread_ts: str, ts: str) -> Mapping[str, Any]:
    """Return the message that began the thread; nothing where that is this one, or the bot's."""
    if thread_ts == ts:
        return {}
    try:
        read = bot.client.conversations_replies(channel=channel, ts=thread_ts, limit=1)
        found = await asyncio.wait_for(read, THREAD_SECONDS)
    except FAILURES as error:
        log.info("the question above a taught message is not read: %s", failure_of(error).reason)
        return {}
    first: Mapping[str, Any] = next(iter(found.get("messages") or []), {})
    return {} if first.get("bot_id") or first.get("user") == bot.user else first
