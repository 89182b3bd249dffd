"""A thread: its messages, before a question or all of them, as turns with a role and plain text.

Knows the Web API; does not know prompts, tokens or how much of it fits the model's context.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.posted import payload_of
from bot.people.people import People
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


@dataclass(frozen=True)
class Thread:
    """The turns of a thread, oldest first; `of_people` where its first message is nobody's question
    to the bot: people talk there, who may have asked the bot meanwhile."""

    turns: list[Turn]
    of_people: bool = False

    @property
    def has_answers(self) -> bool:
        """Whether the bot has said something in it."""
        return any(turn["role"] == "assistant" for turn in self.turns)


async def thread_before(
    client: AsyncWebClient, destination: Mapping[str, Any], bot_user: str
) -> Thread:
    """Return the thread before a question.

    At most the newest 200 messages and 64 KB. Where the thread cannot be read, there are none and
    the question is answered without it.
    """
    if destination["thread_ts"] == destination["ts"]:
        return Thread([])
    channel, thread_ts, before = (destination[key] for key in ("channel", "thread_ts", "ts"))
    try:
        first, messages = await _replies(client, channel, thread_ts, before)
    except FAILURES as error:
        log.warning("the thread of a question cannot be read: %s", failure_of(error).reason)
        return Thread([])
    turns = _turns([one for one in messages if float(one["ts"]) < float(before)], bot_user)
    asks = destination.get("dm") or f"<@{bot_user}>" in str(first.get("text") or "")
    return Thread(turns, of_people=not asks and first.get("user") != bot_user)


async def whole_thread(
    client: AsyncWebClient, channel: str, thread_ts: str, bot_user: str
) -> list[Turn]:
    """Return the turns of a thread, as many as `thread_before` does, to its end.

    Raises:
        SlackClientError: the thread cannot be read.
    """
    _, messages = await _replies(client, channel, thread_ts)
    return _turns(messages, bot_user)


async def with_speakers(people: People, bot_name: str, turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns of a thread as material for a question: with the names of who speaks."""
    users = sorted({turn["user"] for turn in turns if turn["role"] == "user"})
    names = dict(zip(users, await asyncio.gather(*map(people.name, users)), strict=True))
    return [
        {
            "user": turn["user"],
            "speaker": names[turn["user"]] if turn["role"] == "user" else bot_name,
            "text": turn["text"],
        }
        for turn in turns
    ]


def _turns(messages: Sequence[Mapping[str, Any]], bot_user: str) -> list[Turn]:
    replaced = _replaced(messages)
    turns = [
        turn
        for message in messages
        if payload_of(message).get("job") not in replaced and (turn := _turn(message, bot_user))
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


async def _replies(
    client: AsyncWebClient, channel: str, thread_ts: str, before: str = ""
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the first message of a thread and its newest, up to the message `before`.

    Slack pages from the oldest message on.
    """
    first: dict[str, Any] = {}
    messages: list[dict[str, Any]] = []
    until: dict[str, Any] = {"latest": before, "inclusive": False} if before else {}
    pages = await client.conversations_replies(
        channel=channel, ts=thread_ts, limit=200, include_all_metadata=True, **until
    )
    async for page in pages:
        messages = [*messages, *page["messages"]]
        first = first or next(iter(messages), {})
        messages = messages[-MAX_MESSAGES:]
    return first, messages


def _turn(message: Mapping[str, Any], bot_user: str) -> Turn | None:
    if message.get("subtype") == "tombstone":
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
