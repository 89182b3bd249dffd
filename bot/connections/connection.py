"""The bot's connection to Slack: Socket Mode, or HTTP where an address to listen at is set."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from slack_bolt.async_app import AsyncApp

from bot.bot import Bot
from bot.connections.health import Health
from bot.connections.http import REQUEST_PATH, RequestUrl, listening
from bot.connections.socket import socket_open

log = logging.getLogger(__name__)


@asynccontextmanager
async def connected(app: AsyncApp, bot: Bot) -> AsyncIterator[None]:
    """Let what people do in Slack reach the listeners for as long as the context lasts.

    Raises:
        CannotListen: nothing can listen at the address that is set.
    """
    settings = bot.settings
    workspace = settings.api_url.removesuffix("api/")
    async with AsyncExitStack() as stack:
        if settings.http is None:
            watchdog = await stack.enter_async_context(socket_open(app, bot))
            health = Health(bot, lambda: watchdog.hears_slack)
            log.info("connected to %s as @%s", workspace, bot.name)
        else:
            health = Health(bot, lambda: True)
            url = RequestUrl(app, settings.signing_secret, bot.jobs.redis)
            await stack.enter_async_context(listening(settings.http, health, url))
            where = "{}:{}{}".format(*settings.http, REQUEST_PATH)
            log.info("connected to %s as @%s, listening at %s", workspace, bot.name, where)
        if settings.health is not None:
            await stack.enter_async_context(listening(settings.health, health))
        yield
