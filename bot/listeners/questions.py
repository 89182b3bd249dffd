"""Mentions, direct messages, and replies in a thread the bot takes part in become jobs.

A direct message with a data set is kept instead of asked. A question that is edited or deleted is
asked anew or withdrawn (`bot.questions.changes.revision`).

A listener stores the job and does nothing else. An event whose job cannot be stored is not
acknowledged, so that Slack delivers it again: at once, after a minute and after five more. A repeat
has the same job id and is dropped.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.background import Background
from bot.bot import Bot
from bot.feedback.uploads import dataset_name, receive_dataset
from bot.listeners.outage_notices import OutageNotices
from bot.questions.arrival import (
    asked_in,
    destination_of,
    is_from_a_person,
    is_to_someone_else,
    mentions,
    store,
)
from bot.questions.changes import revision
from tasks.feedback.first_time import first_time

log = logging.getLogger(__name__)

_NOT_ACKNOWLEDGED = 503
"""Bolt acknowledges an event over the socket only where the status is 200."""


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for mentions and messages."""
    listener = Questions(bot)
    app.event("app_mention")(listener.mention)
    app.event({"type": "message", "subtype": "message_changed"})(listener.changed)
    app.event({"type": "message", "subtype": "message_deleted"})(listener.deleted)
    app.event("message")(listener.message)


class Questions:
    """The listeners; each returns None where the event is to be acknowledged."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._notices = OutageNotices(bot)
        self._background = Background()
        # Own threads: while the broker is away, the relay's calls occupy asyncio's default ones.
        # Many, because each waits until the broker's disk has the question.
        self._threads = ThreadPoolExecutor(64, thread_name_prefix="listener")

    async def mention(
        self, event: Mapping[str, Any], body: Mapping[str, Any], request: AsyncBoltRequest
    ) -> BoltResponse | None:
        """Take a mention of the bot."""
        return await self._take(event, body, request, only_in_thread=False)

    async def message(
        self, event: Mapping[str, Any], body: Mapping[str, Any], request: AsyncBoltRequest
    ) -> BoltResponse | None:
        """Take a direct message, or a reply where the bot takes part."""
        if event.get("channel_type") == "im":
            if is_from_a_person(event) and dataset_name(event) is not None:
                return await self._keep_dataset(event, body)
            return await self._take(event, body, request, only_in_thread=False)
        if event.get("thread_ts") and not is_to_someone_else(self._bot, event):
            return await self._take(event, body, request, only_in_thread=True)
        return None

    async def changed(
        self, event: Mapping[str, Any], body: Mapping[str, Any]
    ) -> BoltResponse | None:
        """Take what has changed in a message, perhaps a question's words."""
        if dataset_name(event.get("message") or {}) is not None:
            return None
        return await self._revise(revision.take_change, event, body)

    async def deleted(
        self, event: Mapping[str, Any], body: Mapping[str, Any]
    ) -> BoltResponse | None:
        """Take that a message was deleted, perhaps a question."""
        return await self._revise(revision.take_deletion, event, body)

    async def _revise(
        self,
        take: Callable[[Bot, Mapping[str, Any], str], None],
        event: Mapping[str, Any],
        body: Mapping[str, Any],
    ) -> BoltResponse | None:
        loop = asyncio.get_running_loop()
        team = str(body.get("team_id", ""))
        try:
            await loop.run_in_executor(self._threads, take, self._bot, event, team)
        except RedisError as error:
            log.warning("a changed question was not taken: %s", type(error).__name__)
            return BoltResponse(status=_NOT_ACKNOWLEDGED)
        return None

    async def _keep_dataset(
        self, event: Mapping[str, Any], body: Mapping[str, Any]
    ) -> BoltResponse | None:
        """Begin once, however often Slack delivers the message."""
        what = (str(body.get("team_id", "")), str(event["channel"]), str(event["ts"]))
        loop = asyncio.get_running_loop()
        begin = partial(first_time, self._bot.jobs.redis, "dataset", *what)
        try:
            if await loop.run_in_executor(self._threads, begin):
                self._background.start(receive_dataset(self._bot, event, what[0]))
        except RedisError as error:
            log.warning("a data set was not taken: %s", type(error).__name__)
            return BoltResponse(status=_NOT_ACKNOWLEDGED)
        return None

    async def _take(
        self,
        event: Mapping[str, Any],
        body: Mapping[str, Any],
        request: AsyncBoltRequest,
        *,
        only_in_thread: bool,
    ) -> BoltResponse | None:
        if not is_from_a_person(event):
            return None
        team, dm = str(body.get("team_id", "")), event.get("channel_type") == "im"
        destination = destination_of(event, team=team, channel=event["channel"], dm=dm)
        asked = asked_in(self._bot, event)
        text = asked["text"]
        repeat = request.headers.get("x-slack-retry-num", ["0"]) != ["0"]
        loop = asyncio.get_running_loop()
        try:
            keep = partial(store, self._bot, destination, asked, only_in_thread=only_in_thread)
            await loop.run_in_executor(self._threads, keep)
        except RedisError as error:
            log.warning("a question was not stored: %s", type(error).__name__)
            # A mention in a thread is an event of its own beside the message.
            unmentioned = only_in_thread and not mentions(self._bot, text)
            self._notices.begin(destination, text, only_in_thread=unmentioned, repeat=repeat)
            return BoltResponse(status=_NOT_ACKNOWLEDGED)
        self._notices.end(destination, repeat=repeat)
        return None
