"""Brings Slack to what the records of blind comparisons say, whichever bot does it.

Each message is posted once: what was posted is in the record, and one that may have been posted is
looked for by its metadata. What a reveal changes is edited, which may be repeated. One bot at a
time shows a comparison; another one goes on where it has stopped.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

from redis.exceptions import RedisError
from slack_sdk.errors import SlackClientError

from bot.background import repeating
from bot.blind.cards import opening, question_card, result
from bot.bot import Bot
from bot.delivery.destination import CLOCK_TOLERANCE_SECONDS, Destination
from bot.delivery.posted import Message, find
from bot.i18n.lookup import LANGUAGES, Language
from bot.slack.blocks import Post, sentence
from bot.slack.refusals import FAILURES, failure_of
from tasks.blind.comparison import Comparison
from tasks.blind.store import Blind

log = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
"""Between two looks at what is to be revealed or shown."""
PATIENCE_SECONDS = 45.0
"""The longest that showing one comparison may take; less than it is a bot's own."""
NEW_SECONDS = 5.0
"""So long after its beginning a comparison is shown by whoever has begun it."""
METADATA_TYPE = "swallow_blind"
_OPENING, _RESULT = "opening", "result"


class Presenter:
    """What one bot does for the comparisons of its broker."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._blind = Blind(bot.jobs.redis)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Reveal what is due and show what is not shown yet, for as long as the context lasts."""
        async with repeating("looking at comparisons", self._look, pause=LOOK_SECONDS):
            yield

    async def _look(self) -> None:
        try:
            for id in await asyncio.to_thread(self._blind.open):
                await asyncio.to_thread(partial(self._blind.reveal, id, due_only=True))
                await self.show(id)
        except RedisError as error:
            log.warning("comparisons cannot be looked at: %s", type(error).__name__)

    async def show(self, id: str) -> None:
        """Post what is missing of a comparison, and show its reveal; a failure is logged.

        Raises:
            RedisError: the broker is away; the next look goes on.
        """
        if not await asyncio.to_thread(self._blind.take, id):
            return
        try:
            comparison = await asyncio.to_thread(self._blind.get, id)
            if comparison is not None:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._show(comparison)
        except (*FAILURES, TimeoutError) as error:
            await self._failed(id, error)
        finally:
            await asyncio.to_thread(self._blind.give_back, id)

    async def _failed(self, id: str, error: Exception) -> None:
        """Try again later; what Slack refuses for good ends, unless people see some of it."""
        if isinstance(error, TimeoutError):
            log.warning("comparison %s is not shown yet: Slack is slow", id)
            return
        failure = failure_of(error)
        log.warning("comparison %s was not shown: %s", id, failure.reason)
        comparison = await asyncio.to_thread(self._blind.get, id)
        if comparison is None or failure.kind in ("passing", "no_access"):
            return
        if comparison.revealed or not comparison.messages:
            await asyncio.to_thread(self._blind.end, id)

    async def _show(self, comparison: Comparison) -> None:
        language = self._language(comparison)
        messages = await self._posted(comparison)
        posts = {_OPENING: opening(comparison, language)} | {
            str(question.number): question_card(comparison, question, language)
            for question in comparison.questions
        }
        if comparison.revealed:
            posts[_RESULT] = sentence(result(comparison, language))
        for name, post in posts.items():
            if name not in messages:
                thread = comparison.thread_ts or messages.get(_OPENING, "")
                messages[name] = await self._post(comparison, name, post, thread)
            elif comparison.revealed and name != _RESULT:
                await self._edit(comparison, messages[name], post)
        if comparison.revealed:
            await asyncio.to_thread(self._blind.end, comparison.id)

    async def _posted(self, comparison: Comparison) -> dict[str, str]:
        """Return the timestamps of what was posted, also of what the record does not have yet.

        What a broker was told in its last second before a power failure, it does not have any more.
        """
        messages = dict(comparison.messages)
        is_new = abs(time.time() - comparison.created / 1000) < NEW_SECONDS
        for name in [comparison.posting] if is_new else _names(comparison):
            if not name or name in messages:
                continue
            thread = comparison.thread_ts or messages.get(_OPENING, "")
            if not thread and name != _OPENING:
                break
            since = f"{comparison.created / 1000 - CLOCK_TOLERANCE_SECONDS:.6f}"
            place = Destination(comparison.channel, thread, thread or since)
            matches = partial(_has_payload, _payload(comparison, name))
            if ts := await find(self._bot.client, place, matches):
                messages[name] = ts
                await asyncio.to_thread(self._blind.posted, comparison.id, name, ts)
        return messages

    async def _post(self, comparison: Comparison, name: str, post: Post, thread: str) -> str:
        await asyncio.to_thread(self._blind.begin_post, comparison.id, name)
        posted = await self._bot.client.chat_postMessage(
            channel=comparison.channel,
            thread_ts=thread or None,
            text=post.text,
            blocks=list(post.blocks),
            metadata={"event_type": METADATA_TYPE, "event_payload": _payload(comparison, name)},
        )
        ts = str(posted["ts"])
        await asyncio.to_thread(self._blind.posted, comparison.id, name, ts)
        return ts

    async def _edit(self, comparison: Comparison, ts: str, post: Post) -> None:
        try:
            await self._bot.client.chat_update(
                channel=comparison.channel, ts=ts, text=post.text, blocks=list(post.blocks)
            )
        except SlackClientError as error:
            # Somebody has deleted it: the rest is revealed all the same.
            if failure_of(error).kind != "message_gone":
                raise

    def _language(self, comparison: Comparison) -> Language:
        known = comparison.language in LANGUAGES
        return cast(Language, comparison.language) if known else self._bot.language("")


def _names(comparison: Comparison) -> list[str]:
    """Return the names of the messages that there should be, in their order."""
    names = [_OPENING, *(str(question.number) for question in comparison.questions)]
    return [*names, _RESULT] if comparison.revealed else names


def _has_payload(payload: Mapping[str, str], message: Message) -> bool:
    return bool((message.get("metadata") or {}).get("event_payload") == payload)


def _payload(comparison: Comparison, name: str) -> dict[str, str]:
    return {"comparison": comparison.id, "message": name}
