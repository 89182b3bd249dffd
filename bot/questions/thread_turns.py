"""The thread so far: the messages before a question, as turns with a role and plain text.

Knows the Web API; does not know prompts, tokens or how much of it fits the model's context.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.posted import payload_of
from bot.questions.answer import is_notice
from bot.questions.parse import split_options
from bot.slack.incoming_text import without_bullets, without_markup, without_mention
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

MAX_MESSAGES = 200
MAX_BYTES = 64 * 1024
"""The most text of a thread, in UTF-8."""

Turn = dict[str, str]
"""`role` is `user` or `assistant`, `text` is plain text, `user` wrote it or was answered by it."""


async def thread_before(
    client: AsyncWebClient, destination: Mapping[str, Any], bot_user: str
) -> list[Turn]:
    """Return the turns of the thread before the question, oldest first.

    At most the newest 200 messages and 64 KB. Where the thread cannot be read, there are none and
    the question is answered without it.
    """
    if destination["thread_ts"] == destination["ts"]:
        return []
    try:
        messages = await _replies(client, destination)
    except FAILURES as error:
        log.warning("the thread of a question cannot be read: %s", failure_of(error).reason)
        return []
    replaced = _replaced(messages)
    turns = [
        turn
        for message in messages
        if payload_of(message).get("job") not in replaced
        and (turn := _turn(message, destination, bot_user))
    ]
    return _newest(turns)


def _replaced(messages: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the jobs whose answers were given once more, and those that went on behind these."""
    replaced: set[str] = set()
    for about in sorted(
        map(payload_of, messages), key=lambda about: about.get("follows") != "again"
    ):
        if about.get("follows") == "again" and about.get("state") == "finished":
            replaced.add(str(about["of"]))
        elif about.get("follows") == "continue" and about.get("of") in replaced:
            replaced.add(str(about["job"]))
    return replaced


async def _replies(client: AsyncWebClient, destination: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the thread up to the question; Slack pages from the oldest message on."""
    messages: list[dict[str, Any]] = []
    pages = await client.conversations_replies(
        channel=destination["channel"],
        ts=destination["thread_ts"],
        latest=destination["ts"],
        inclusive=False,
        limit=200,
        include_all_metadata=True,
    )
    async for page in pages:
        messages = [*messages, *page["messages"]][-MAX_MESSAGES:]
    return messages


def _turn(message: Mapping[str, Any], destination: Mapping[str, Any], bot_user: str) -> Turn | None:
    if float(message["ts"]) >= float(destination["ts"]) or message.get("subtype") == "tombstone":
        return None
    text = str(message.get("text") or "")
    if message.get("user") == bot_user:
        # Answers of the model are part of the conversation; notices of the bot are not.
        about = payload_of(message)
        if about.get("state") not in ("finished", "cancelled") or not text or is_notice(text):
            return None
        asker = str(about.get("asker", ""))
        said = without_bullets(without_markup(text))
        return {"role": "assistant", "text": said, "user": asker}
    said = without_markup(split_options(without_mention(text, bot_user))[0])
    return {"role": "user", "text": said, "user": str(message.get("user", ""))} if said else None


def _newest(turns: Sequence[Turn]) -> list[Turn]:
    kept: list[Turn] = []
    room = MAX_BYTES
    for turn in reversed(turns[-MAX_MESSAGES:]):
        room -= len(turn["text"].encode())
        if room < 0:
            break
        kept.insert(0, turn)
    return kept
