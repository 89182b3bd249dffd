"""A data set that an admin sends the bot in a direct message: `dataset NAME`, with a file."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bot.admin_action import Action, ActionResult, perform
from bot.bot import Bot
from bot.errors import CannotAct
from bot.feedback.proposals import require_feedback
from bot.home import require_home
from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.command_words import quoted
from bot.slack.download import content_of
from bot.slack.outgoing_text import escape
from tasks.feedback.exam import FILE as EXAM_FILE
from tasks.trainings.datasets import RESERVED, SUFFIXES, is_dataset_name
from tasks.trainings.received import MOST_BYTES, Received, keep

FETCH_SECONDS = 120.0

_WORDS = re.compile(r"\s*(?:dataset|データセット)(?:[ \t\u3000]+(\S+))?\s*", re.I)


def dataset_name(event: Mapping[str, Any]) -> str | None:
    """Return the name under which a message asks to keep its file, empty where it says none.

    None for any other message.
    """
    words = _WORDS.fullmatch(str(event.get("text") or ""))
    return (words[1] or "") if words and event.get("files") else None


async def receive_dataset(bot: Bot, event: Mapping[str, Any], team: str) -> None:
    """Keep the file of a direct message for an admin, and tell what came of it."""
    name = dataset_name(event) or ""
    actor = Actor(str(event["user"]), team, str(event["channel"]), dm=True)
    language = await bot.language_for(actor.user, str(event.get("text") or ""))
    do = partial(_receive, bot, actor, event["files"], name, language)
    await perform(bot, actor, Action("feedback dataset", quoted(name)), language, do)


async def _receive(
    bot: Bot, actor: Actor, files: Sequence[Mapping[str, Any]], name: str, language: Language
) -> ActionResult:
    """Check a file, keep it as the data set `name`, and say what is in it.

    Raises:
        CannotAct: it is not taken here, under this name, of this kind or of this size.
        TrainerError: it holds no data set, or there is no room for it.
    """
    require_feedback(bot, actor)
    if not name:
        raise CannotAct("dataset.unnamed")
    if len(files) != 1:
        raise CannotAct("dataset.one_file")
    file = files[0]
    if not is_dataset_name(name) or name in RESERVED:
        raise CannotAct("dataset.name", name=quoted(name))
    file_name = str(file.get("name") or "")
    if not file_name.lower().endswith(SUFFIXES):
        raise CannotAct("dataset.suffix", name=quoted(file_name))
    await asyncio.to_thread(require_home, bot)
    content = await content_of(bot.client, file, MOST_BYTES, seconds=FETCH_SECONDS)
    if content is None:
        raise CannotAct("dataset.fetch", name=quoted(file_name), most=MOST_BYTES // 1024**2)
    received = await asyncio.to_thread(keep, content, file_name, name, bot.task_settings)
    return ActionResult(_summary(received, language), to_channel=True)


def _summary(received: Received, language: Language) -> str:
    name = escape(received.name)
    lines = [
        say("dataset.kept", language, name=name, rows=received.rows, read=received.read),
        say(
            "dataset.characters",
            language,
            characters=f"{received.characters:,}",
            longest=f"{received.longest:,}",
        ),
    ]
    for reason, count in received.dropped.items():
        lines.append(say(f"dataset.dropped.{reason.replace(' ', '_')}", language, count=count))
    key = "dataset.exam" if f"{received.name}.jsonl" == EXAM_FILE else "dataset.next"
    return "\n".join([*lines, say(key, language, name=name)])
