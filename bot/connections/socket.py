"""Socket Mode: the connection that the bot opens, and over which Slack sends envelopes."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.bot import Bot
from bot.connections.dispatch import dispatch
from bot.connections.watchdog import Watchdog


class SocketHandler(AsyncSocketModeHandler):
    """Hands the payload of each envelope to Bolt, and its answer to Slack."""

    async def handle(  # type: ignore[override]  # Bolt's own narrows the client in the same way
        self, client: SocketModeClient, req: SocketModeRequest
    ) -> None:
        """Take one envelope."""
        begun = time()
        headers = {name: [str(value)] for name, value in (build_headers(req) or {}).items()}
        response = await dispatch(self.app, req.payload, headers)
        await send_async_response(client, req, response, begun)


@asynccontextmanager
async def socket_open(app: AsyncApp, bot: Bot) -> AsyncIterator[Watchdog]:
    """Keep a socket to Slack open for as long as the context lasts."""
    handler = SocketHandler(
        app,
        bot.settings.app_token,
        web_client=bot.client,
        logger=logging.getLogger("slack_bolt"),
    )
    watchdog = Watchdog(handler.client)
    try:
        async with watchdog.watching():
            await handler.connect_async()  # type: ignore[no-untyped-call]
            yield watchdog
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
