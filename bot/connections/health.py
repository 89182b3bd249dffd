"""Whether the bot can do its work now: what `GET /health` answers, for whoever watches the bot.

It says nothing that a stranger may not know: neither names nor addresses nor why.
"""

import asyncio
import time
from collections.abc import Callable

from aiohttp import web
from redis.exceptions import RedisError

from bot.bot import Bot
from bot.slack.refusals import FAILURES

SLACK_SECONDS = 20.0
"""How long Slack's last answer holds: whoever asks often causes no more calls."""
PATIENCE_SECONDS = 5.0

HEALTH_PATH = "/health"


class Health:
    """The health of one bot; `hears_slack` tells whether what people do can reach it."""

    def __init__(self, bot: Bot, hears_slack: Callable[[], bool]) -> None:
        self._bot = bot
        self._hears_slack = hears_slack
        self._slack = False
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer 200 where all is well, else 503, with what is and what is not."""
        broker, slack = await asyncio.gather(self._broker_answers(), self._slack_answers())
        facts = {"broker": broker, "slack": slack, "connection": self._hears_slack()}
        well = all(facts.values())
        return web.json_response(
            {"ok": well, **facts},
            status=200 if well else 503,
            headers={"Cache-Control": "no-store"},
        )

    async def _broker_answers(self) -> bool:
        try:
            return bool(await asyncio.to_thread(self._bot.jobs.redis.ping))
        except RedisError:
            return False

    async def _slack_answers(self) -> bool:
        """Tell whether Slack takes the bot's token, as of some seconds ago."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= SLACK_SECONDS:
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await self._bot.client.auth_test()
                    self._slack = True
                except FAILURES:
                    self._slack = False
                self._asked_at = time.monotonic()
            return self._slack
