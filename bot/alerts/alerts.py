"""Posts the alerts: each message once, whichever bot does it, also across a restart."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from bot.alerts.conditions import Conditions
from bot.alerts.records import LOCK_SECONDS, Record, Records
from bot.background import repeating
from bot.bot import Bot
from bot.delivery.destination import CLOCK_TOLERANCE_SECONDS, Destination
from bot.delivery.posted import Message, is_posted
from bot.i18n.lookup import Language, say
from bot.i18n.units import size
from bot.slack.blocks import sentence
from bot.slack.outgoing_text import escape
from bot.slack.refusals import FAILURES, failure_of
from tasks.broker.workers import Workers

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
METADATA_TYPE = "swallow_alert"


class Alerts:
    """The alerts that one bot looks for and posts."""

    def __init__(self, bot: Bot) -> None:
        self._client = bot.client
        self._channel = bot.settings.alert_channel
        self._bot = bot
        self._records = Records(bot.jobs.redis)
        self._conditions = Conditions(Workers(bot.jobs.redis), bot.task_settings.home)
        self._told: set[str] = set()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look and post for as long as the context lasts; not at all without a channel."""
        if not self._channel:
            yield
            return
        async with repeating("looking for alerts", self._look_in_time, pause=LOOK_SECONDS):
            yield

    async def _look_in_time(self) -> None:
        try:
            async with asyncio.timeout(LOCK_SECONDS * 0.75):
                await self._look()
        except (*FAILURES, RedisError) as error:
            self._warn(type(error).__name__)

    async def _look(self) -> None:
        findings = await asyncio.to_thread(self._conditions.look)
        await asyncio.to_thread(self._records.note, findings)
        if not await asyncio.to_thread(self._records.waiting):
            return
        if not await asyncio.to_thread(self._records.lock):
            return
        try:
            # Read again: another bot may have posted since.
            for record in await asyncio.to_thread(self._records.waiting):
                await self._post(record)
        finally:
            await asyncio.to_thread(self._records.unlock)

    async def _post(self, record: Record) -> None:
        """Post what waits; where Slack does not take it, it waits for the next look."""
        try:
            if not record.begun or not await self._is_posted(record):
                await asyncio.to_thread(self._records.begin, record)
                language = await self._bot.language_in(self._channel, self._bot.language(""))
                post = sentence(alert_text(record, language))
                await self._client.chat_postMessage(
                    channel=self._channel,
                    text=post.text,
                    blocks=list(post.blocks),
                    metadata={"event_type": METADATA_TYPE, "event_payload": _payload(record)},
                )
            await asyncio.to_thread(self._records.posted, record)
        except FAILURES as error:
            self._warn(failure_of(error).reason)

    async def _is_posted(self, record: Record) -> bool:
        def matches(message: Message) -> bool:
            return bool((message.get("metadata") or {}).get("event_payload") == _payload(record))

        since = f"{record.begun - CLOCK_TOLERANCE_SECONDS:.6f}"
        return await is_posted(self._client, Destination(self._channel, "", since), matches)

    def _warn(self, reason: str) -> None:
        # Once for each reason: it is tried again every few seconds.
        if reason not in self._told:
            log.warning("an alert cannot be looked for or posted now: %s", reason)
        self._told.add(reason)


def alert_text(record: Record, language: Language) -> str:
    """Return the sentence of what waits."""
    kind = record.name.partition(":")[0]
    key = f"alert.{kind}" if record.stage == "due" else f"alert.{kind}.well"
    values = {name: escape(str(value)) for name, value in record.values.items()}
    if "free" in values:
        values["free"] = size(record.values["free"])
    return say(key, language, **values)


def _payload(record: Record) -> dict[str, str]:
    return {"alert": record.name, "stage": record.stage, "since": f"{record.since:.6f}"}
