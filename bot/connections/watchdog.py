"""The watchdog of the socket: it is replaced where it is open and nothing is heard over it.

The SDK's client replaces a socket that is closed, or whose pings are not answered. What it does not
notice: a socket whose pings are answered while Slack has forgotten it, one that never said hello,
and its own loops having ended, or trying an address for ever that is no longer taken.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientWebSocketResponse, WSMessage
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.background import repeating

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
HELLO_SECONDS = 15.0
"""Slack says hello as soon as a socket is open."""
SILENT_SECONDS = 30.0
"""Pings go out every five seconds; the client itself acts after twenty without an answer."""
QUIET_SECONDS = 900.0
"""How long a socket may carry nothing but pings. Nobody may have said anything: only a new socket,
which says hello, tells whether Slack would have sent it."""


class Watchdog:
    """What is heard over the sockets of one client. Times are seconds on the monotonic clock."""

    def __init__(self, client: SocketModeClient) -> None:
        self._client = client
        client.on_message_listeners.append(self._note_message)
        self._session: ClientWebSocketResponse | None = None
        self._opened = self._message_at = self._frame_at = time.monotonic()
        self._pong: float | None = None
        self._greeted = False
        self._act_again_at = 0.0

    @property
    def hears_slack(self) -> bool:
        """Whether Slack has said hello over the socket and is still heard."""
        self._note_frames()
        return self._greeted and not self._fault(time.monotonic())

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the socket every two seconds for as long as the context lasts."""
        async with repeating("watching the socket", self.look, pause=LOOK_SECONDS):
            yield

    async def look(self) -> None:
        """Replace the socket if it is at fault."""
        self._note_frames()
        now = time.monotonic()
        fault = self._fault(now)
        if fault and now >= self._act_again_at:
            self._act_again_at = now + HELLO_SECONDS
            log.warning("the socket to Slack is replaced: %s", fault)
            await self._replace()
        elif not fault and now - self._message_at > QUIET_SECONDS:
            log.info("the socket to Slack is replaced: no message for %d s", now - self._message_at)
            self._message_at = now
            await self._replace()

    def _fault(self, now: float) -> str:
        if now - self._frame_at > SILENT_SECONDS:
            return f"nothing was heard for {now - self._frame_at:.0f} s"
        if not self._greeted and now - self._opened > HELLO_SECONDS:
            return f"no hello for {now - self._opened:.0f} s"
        return ""

    async def _note_message(self, message: WSMessage) -> None:
        """Take note of a text message, of which the first over each socket is Slack's hello."""
        self._note_frames()
        self._message_at = self._frame_at = time.monotonic()
        self._greeted = True

    def _note_frames(self) -> None:
        """Take note of a new socket, and of an answered ping."""
        now = time.monotonic()
        if self._client.current_session is not self._session:
            self._session = self._client.current_session
            self._opened = self._frame_at = now
            self._greeted = False
        pong = self._client.last_ping_pong_time
        if pong is not None and pong != self._pong:
            self._pong, self._frame_at = pong, now

    async def _replace(self) -> None:
        # A client that is connecting already tries one address until it is taken: it is made to ask
        # for a new one.
        self._client.wss_uri = None
        if self._session is None or self._client.connect_operation_lock.locked():
            return
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                await self._client.connect_to_new_endpoint(force=True)
        except (SlackClientError, ClientError, OSError, TimeoutError) as error:
            log.warning("there is no new socket: %s", type(error).__name__)
