"""The stop button under a running answer; it works for the person who asked, and nobody else."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.bot import Bot
from bot.questions.answer import STOP_ACTION

log = logging.getLogger(__name__)


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the button."""

    async def stop(ack: AsyncAck, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        await ack()
        id, user = str(action.get("value", "")), str(body["user"]["id"])
        job = await asyncio.to_thread(bot.jobs.get, id)
        if job is not None and job.destination.get("user") == user:
            state = await asyncio.to_thread(bot.jobs.cancel, id, user)
            log.info("job %s: stop pressed while %s", id, state)

    app.action(STOP_ACTION)(stop)
