"""The notice under a question that cannot be stored now, and its end once the question is stored.

The broker may have stored the question and answered too late: the notice says only what stays true
in both cases, and is deleted as soon as a repeat of the event finds the question on record. A
repeat may reach another process than the one that posted the notice: it looks for it in the thread.
"""

import logging
from asyncio import Task
from collections.abc import Mapping
from typing import Any

from bot.background import Background
from bot.bot import Bot
from bot.delivery.destination import Destination
from bot.delivery.posted import Message, find
from bot.i18n.lookup import say
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)


METADATA_TYPE = "swallow_notice"


class OutageNotices:
    """The notices that this process has posted or found, at most one for each question.

    `repeat` says that the event was delivered before, perhaps to another process.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._background = Background()
        self._notices: dict[str, Task[str]] = {}

    def begin(
        self, destination: Mapping[str, Any], text: str, *, only_in_thread: bool, repeat: bool
    ) -> None:
        """Tell the person in the background; with `only_in_thread` where the bot takes part."""
        key = _key(destination)
        if key not in self._notices:
            post = self._post(destination, text, only_in_thread, repeat)
            self._notices[key] = self._background.start(post)

    def end(self, destination: Mapping[str, Any], *, repeat: bool) -> None:
        """Delete the question's notice in the background, if it has one."""
        notice = self._notices.pop(_key(destination), None)
        if notice is not None or repeat:
            self._background.start(self._delete(destination, notice))

    async def _post(
        self, destination: Mapping[str, Any], text: str, only_in_thread: bool, repeat: bool
    ) -> str:
        """Return the notice's timestamp; empty where there is none."""
        try:
            if repeat and (found := await self._find(destination)):
                return found
            if only_in_thread and not await self._takes_part(destination):
                return ""
            posted = await self._bot.client.chat_postMessage(
                channel=destination["channel"],
                thread_ts=destination["thread_ts"],
                text=say("delayed.broker_away", self._bot.language(text)),
                metadata=_metadata(destination),
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

    async def _delete(self, destination: Mapping[str, Any], notice: Task[str] | None) -> None:
        try:
            ts = await (notice or self._find(destination))
            if ts:
                await self._bot.client.chat_delete(channel=destination["channel"], ts=ts)
        except FAILURES as error:
            log.warning("a notice stays: %s", failure_of(error).reason)

    async def _find(self, destination: Mapping[str, Any]) -> str:
        """Look for the question's notice in its thread; raises one of `FAILURES`."""
        expected = _metadata(destination)

        def matches(message: Message) -> bool:
            return (message.get("metadata") or {}) == expected

        thread = Destination(destination["channel"], destination["thread_ts"], destination["ts"])
        return await find(self._bot.client, thread, matches)


def _key(destination: Mapping[str, Any]) -> str:
    return f"{destination['channel']}:{destination['ts']}"


def _metadata(destination: Mapping[str, Any]) -> dict[str, Any]:
    return {"event_type": METADATA_TYPE, "event_payload": {"question": destination["ts"]}}
