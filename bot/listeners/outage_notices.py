"""The notice under a question that cannot be stored now, and its end once the question is stored.

The broker may have stored the question and answered too late: the notice says only what stays true
in both cases, and is deleted as soon as a repeat of the event finds the question on record.
"""

import logging
from asyncio import Task
from collections.abc import Mapping
from typing import Any

from bot.background import Background
from bot.bot import Bot
from bot.i18n.lookup import say
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)


class OutageNotices:
    """The notices of this process, at most one for each question."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()
        self._notices: dict[str, Task[str]] = {}

    def begin(self, destination: Mapping[str, Any], text: str, *, only_in_thread: bool) -> None:
        """Tell the person in the background; with `only_in_thread` where the bot takes part."""
        key = _key(destination)
        if key not in self._notices:
            post = self._post(destination, text, only_in_thread)
            self._notices[key] = self._background.start(post)

    def end(self, destination: Mapping[str, Any]) -> None:
        """Delete the question's notice in the background, if it has one."""
        notice = self._notices.pop(_key(destination), None)
        if notice is not None:
            self._background.start(self._delete(destination, notice))

    async def _post(self, destination: Mapping[str, Any], text: str, only_in_thread: bool) -> str:
        """Return the notice's timestamp; empty where there is none."""
        try:
            if only_in_thread and not await self._takes_part(destination):
                return ""
            posted = await self._bot.client.chat_postMessage(
                channel=destination["channel"],
                thread_ts=destination["thread_ts"],
                text=say("delayed.broker_away", self._bot.language(text)),
            )
        except FAILURES as error:
            log.error("a notice reached nobody: %s", failure_of(error).reason)
            return ""
        return str(posted["ts"])

    async def _takes_part(self, destination: Mapping[str, Any]) -> bool:
        """Ask Slack whether the bot has written in the thread: the broker, which knows, is away."""
        pages = await self._bot.client.conversations_replies(
            channel=destination["channel"], ts=destination["thread_ts"], limit=200
        )
        async for page in pages:
            if any(message.get("user") == self._bot.user for message in page["messages"]):
                return True
        return False

    async def _delete(self, destination: Mapping[str, Any], notice: Task[str]) -> None:
        ts = await notice
        if not ts:
            return
        try:
            await self._bot.client.chat_delete(channel=destination["channel"], ts=ts)
        except FAILURES as error:
            log.warning("a notice stays: %s", failure_of(error).reason)


def _key(destination: Mapping[str, Any]) -> str:
    return f"{destination['channel']}:{destination['ts']}"
