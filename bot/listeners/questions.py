"""Mentions, direct messages, and replies in a thread the bot takes part in become jobs.

A listener stores the job and does nothing else: the event is acknowledged when the listener
returns, and Slack sends an event that was not acknowledged again. A repeat has the same job id and
is dropped.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp

from bot.background import Background
from bot.bot import Bot
from bot.i18n.lookup import say
from bot.slack.refusals import FAILURES, failure_of
from tasks.broker.job_id import job_id

log = logging.getLogger(__name__)

# Subtypes of what people write; every other is an edit, a notice, or another bot's message.
_WRITTEN_BY_PEOPLE = {None, "file_share", "thread_broadcast"}


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for mentions and messages."""
    listener = Questions(bot)
    app.event("app_mention")(listener.mention)
    app.event("message")(listener.message)


class Questions:
    """The listeners; they remember which questions got the notice that the broker is away."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._notified: set[str] = set()
        self._background = Background()
        # Own threads: while the broker is away, the relay's calls occupy asyncio's default ones.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="listener")

    async def mention(self, event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Take a mention of the bot."""
        await self._take(event, body, only_in_thread=False)

    async def message(self, event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Take a direct message, or a reply where the bot takes part."""
        if event.get("channel_type") == "im":
            await self._take(event, body, only_in_thread=False)
        elif event.get("thread_ts") and not self._to_someone_else(event):
            await self._take(event, body, only_in_thread=True)

    def _to_someone_else(self, event: Mapping[str, Any]) -> bool:
        addressed = re.match(r"\s*<@(\w+)", str(event.get("text") or ""))
        return addressed is not None and addressed[1] != self._bot.user

    async def _take(
        self, event: Mapping[str, Any], body: Mapping[str, Any], *, only_in_thread: bool
    ) -> None:
        if (
            event.get("subtype") not in _WRITTEN_BY_PEOPLE
            or event.get("bot_id")
            or not event.get("user")
        ):
            return
        destination = {
            "team": body.get("team_id", ""),
            "channel": event["channel"],
            "ts": event["ts"],
            "thread_ts": event.get("thread_ts") or event["ts"],
            "user": event["user"],
            "dm": event.get("channel_type") == "im",
        }
        files = [_file(file) for file in event.get("files") or []]
        text = str(event.get("text") or "")
        asked = {"text": text, "files": files}
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(
                self._threads, self._store, destination, asked, only_in_thread
            )
        except RedisError as error:
            log.warning("a question was not stored: %s", type(error).__name__)
            if not only_in_thread:
                self._start_notice(destination, text)

    def _store(
        self, destination: Mapping[str, Any], asked: Mapping[str, Any], only_in_thread: bool
    ) -> None:
        thread = f"{destination['team']}:{destination['channel']}:{destination['thread_ts']}"
        id = job_id(destination["team"], destination["channel"], destination["ts"])
        stored = self._bot.jobs.create(
            id,
            "answer",
            destination=destination,
            asked=asked,
            thread=thread,
            only_in_thread=only_in_thread,
        )
        log.info("job %s: %s", id, stored)

    def _start_notice(self, destination: Mapping[str, Any], text: str) -> None:
        """Say in the thread that the broker is away, once per question, in the background."""
        key = f"{destination['channel']}:{destination['ts']}"
        if key in self._notified:
            return
        self._notified.add(key)
        self._background.start(self._notify(destination, text))

    async def _notify(self, destination: Mapping[str, Any], text: str) -> None:
        try:
            await self._bot.client.chat_postMessage(
                channel=destination["channel"],
                thread_ts=destination["thread_ts"],
                text=say("failed.broker_away", self._bot.language(text)),
            )
        except FAILURES as error:
            log.error("a notice reached nobody: %s", failure_of(error).reason)


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    return {key: file.get(key) for key in ("name", "size", "url_private")}
