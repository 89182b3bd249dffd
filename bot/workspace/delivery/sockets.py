"""The connections of bots, mostly of Socket Mode: who may connect, who is connected, whose turn it
is.

Knows nothing of envelopes: what a bot sends is handed on as text.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from bot.workspace.delivery.page_events import PageEvents
from bot.workspace.faults import Faults, Silence
from bot.workspace.state.people import APP_ID
from bot.workspace.state.tokens import same

HEARTBEAT_SECONDS = 20.0
"""How often the server pings a bot to notice that it is gone."""
CLOSING_HANDSHAKE_SECONDS = 0.3
"""How long a bot, which may be frozen or gone, has to answer a closing frame."""
TICKETS_KEPT = 1000


class Connection(Protocol):
    """A way to one bot; `closed` is set where it cannot be used any more."""

    closed: asyncio.Event

    async def send(self, message: dict[str, Any]) -> None:
        """Send a JSON object. Raises ConnectionError or RuntimeError if the bot is gone."""

    def abort(self) -> None:
        """Cut the connection."""

    async def close(self) -> None:
        """Close the connection."""


class Socket:
    """The Socket Mode connection of one bot."""

    def __init__(self, response: web.WebSocketResponse, request: web.Request) -> None:
        self._response = response
        self._request = request
        self.closed = asyncio.Event()
        self.silence: Silence = ""

    async def send(self, message: dict[str, Any]) -> None:
        """Send a JSON object. Raises ConnectionError or RuntimeError if the bot is gone."""
        if not self.silence:
            await self._response.send_json(message)

    async def answer_ping(self, data: bytes) -> None:
        """Answer a ping of the bot's."""
        if self.silence != "deaf":
            await self._response.pong(data)

    def abort(self) -> None:
        """Cut the connection without a closing handshake."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def close(self) -> None:
        """Close the connection as a server does that is going to restart."""
        try:
            closing = self._response.close(code=1001, message=b"going away")
            await asyncio.wait_for(closing, CLOSING_HANDSHAKE_SECONDS)
        except TimeoutError:
            return


class Sockets:
    """The connected bots."""

    def __init__(self, page_events: PageEvents, faults: Faults) -> None:
        self._page_events = page_events
        self._faults = faults
        self._sockets: list[Connection] = []
        self._changed = asyncio.Condition()
        self._closings: set[asyncio.Task[None]] = set()
        self._turn = 0
        self._tickets: deque[str] = deque(maxlen=TICKETS_KEPT)

    def issue_ticket(self) -> str:
        """A ticket to connect with.

        It works more than once, because a client whose connection attempt failed tries it again.
        """
        self._tickets.append(uuid.uuid4().hex)
        return self._tickets[-1]

    def knows_ticket(self, ticket: str) -> bool:
        """Whether `ticket` was issued since the workspace was started."""
        return any(same(ticket, issued) for issued in self._tickets)

    @property
    def connected(self) -> bool:
        """Whether any bot is connected."""
        return bool(self._sockets)

    async def serve(
        self, request: web.Request, on_text: Callable[[str], None]
    ) -> web.WebSocketResponse:
        """Keep the connection of one bot until it leaves; `on_text` gets what the bot sends."""
        response = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, autoping=False)
        await response.prepare(request)
        socket = Socket(response, request)
        socket.silence = self._faults.silent_sockets
        await socket.send(_hello(len(self._sockets) + 1))
        await self.add(socket)
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT:
                    on_text(message.data)
                elif message.type is WSMsgType.PING:
                    await socket.answer_ping(message.data)
        finally:
            self.remove(socket)
        return response

    async def next(self, *, but_not: Connection | None) -> Connection:
        """The next socket in turn, other than `but_not` if there is another.

        Waits until a bot is connected.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._sockets)
        candidates = [socket for socket in self._sockets if socket is not but_not] or self._sockets
        self._turn += 1
        return candidates[self._turn % len(candidates)]

    def remove(self, socket: Connection) -> None:
        """Send nothing more over `socket`."""
        if socket in self._sockets:
            self._sockets.remove(socket)
            socket.closed.set()
            self._page_events.publish("connection", connected=self.connected)

    def silence(self) -> None:
        """Let the sockets stay open and carry nothing more, as `faults.silent_sockets` says."""
        for socket in self._sockets:
            if isinstance(socket, Socket):
                socket.silence = self._faults.silent_sockets

    def drop(self, *, abrupt: bool) -> None:
        """Drop every socket: cut the connection, or close it as a restarting server would."""
        for socket in list(self._sockets):
            self.remove(socket)
            if abrupt:
                socket.abort()
            else:
                closing = asyncio.create_task(socket.close())
                self._closings.add(closing)
                closing.add_done_callback(self._closings.discard)

    async def close(self) -> None:
        """Close every socket."""
        await asyncio.gather(*self._closings, *(socket.close() for socket in list(self._sockets)))

    async def add(self, socket: Connection) -> None:
        """Send over `socket` too."""
        self._sockets.append(socket)
        self._page_events.publish("connection", connected=True)
        async with self._changed:
            self._changed.notify_all()


def _hello(connections: int) -> dict[str, Any]:
    """Slack's first message on a socket."""
    return {
        "type": "hello",
        "num_connections": connections,
        "debug_info": {
            "host": "127.0.0.1",
            "build_number": 1,
            "approximate_connection_time": 18060,
        },
        "connection_info": {"app_id": APP_ID},
    }
