"""What is stored of a message that asks something: where it came from, and its words and files.

Who may ask, and what the message means, is decided later: storing must not wait for Slack.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

from bot.bot import Bot
from tasks.broker.job_id import job_id

log = logging.getLogger(__name__)

# Subtypes of what people write; every other is an edit, a notice, or another bot's message.
_WRITTEN_BY_PEOPLE = {None, "file_share", "thread_broadcast"}


def is_from_a_person(message: Mapping[str, Any]) -> bool:
    """Tell whether a person wrote a message."""
    written = message.get("subtype") in _WRITTEN_BY_PEOPLE
    return written and not message.get("bot_id") and bool(message.get("user"))


def mentions(bot: Bot, text: str) -> bool:
    """Tell whether a message's text mentions the bot."""
    return f"<@{bot.user}" in text


def is_to_someone_else(bot: Bot, message: Mapping[str, Any]) -> bool:
    """Tell whether a message begins by addressing another person."""
    addressed = re.match(r"\s*<@(\w+)", str(message.get("text") or ""))
    return addressed is not None and addressed[1] != bot.user


def destination_of(
    message: Mapping[str, Any], *, team: str, channel: str, dm: bool
) -> dict[str, Any]:
    """Return the destination of the answer to a message."""
    return {
        "team": team,
        "channel": channel,
        "ts": message["ts"],
        "thread_ts": message.get("thread_ts") or message["ts"],
        "user": message["user"],
        "dm": dm,
    }


def asked_in(bot: Bot, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a message asks, as it is stored."""
    text = str(message.get("text") or "")
    files = [_file(file) for file in message.get("files") or []]
    language = bot.language_of_question(text, str(message.get("user") or ""))
    return {"text": text, "files": files, "language": language}


def store(
    bot: Bot, destination: Mapping[str, Any], asked: Mapping[str, Any], *, only_in_thread: bool
) -> None:
    """Store the job of a question, once; with `only_in_thread` where the bot takes part.

    Called off the event loop. Raises:
        RedisError: the broker is away.
    """
    id = job_id(destination["team"], destination["channel"], destination["ts"])
    stored = bot.jobs.create(
        id,
        "answer",
        destination=destination,
        asked=asked,
        thread=thread_of(destination),
        only_in_thread=only_in_thread,
    )
    log.info("job %s: %s", id, stored)


def thread_of(destination: Mapping[str, Any]) -> str:
    """Return the name of the conversation that a question belongs to."""
    return f"{destination['team']}:{destination['channel']}:{destination['thread_ts']}"


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    return {key: file.get(key) for key in ("name", "size", "url_private")}
