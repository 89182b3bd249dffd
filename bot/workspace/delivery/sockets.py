"""Socket Mode: takes envelopes and gives each to exactly one connected bot until acknowledged.

Knows nothing of what is in a payload. Delivery as Slack describes it: 3 seconds to acknowledge,
then again with a higher `retry_attempt`, at most three times; what was under way on a socket
that closes goes to another.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from bot.workspace.delivery.feed import Feed
from bot.workspace.faults import Faults
from bot.workspace.state.people import APP_ID
from bot.workspace.state.store import Store

MAX_RETRIES = 3

Answer = dict[str, Any]
OnAnswer = Callable[[Answer | None], None]


class _Closed(Exception):
    """The socket closed before the envelope on it was acknowledged."""


class _Socket:
    def __init__(self, response: web.WebSocketResponse, request: web.Request) -> None:
        self.response = response
        self.request = request
        self.closed = asyncio.Event()


class Sockets:
    """The connected bots and the envelopes on their way to them."""

    def __init__(self, store: Store, feed: Feed, faults: Faults, ack_timeout: float) -> None:
        self._store = store
        self._feed = feed
        self._faults = faults
        self._ack_timeout = ack_timeout
        self._sockets: list[_Socket] = []
        self._arrived = asyncio.Condition()
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._turn = 0
        self._tickets: deque[str] = deque(maxlen=1000)

    def issue_ticket(self) -> str:
        """Let one more socket in. A ticket works again: a client whose connect failed retries."""
        self._tickets.append(uuid.uuid4().hex)
        return self._tickets[-1]

    def knows_ticket(self, ticket: str) -> bool:
        """Whether `ticket` was issued since the workspace was started."""
        return ticket in self._tickets

    @property
    def connected(self) -> bool:
        """Whether a bot is there."""
        return bool(self._sockets)

    def resume(self) -> None:
        """Send on what was not delivered when the workspace was stopped."""
        for envelope in self._store.envelopes():
            self._start(envelope, None)

    def send_event(self, payload: dict[str, Any]) -> None:
        """Deliver an Events API payload; it survives a restart of the workspace."""
        envelope = _envelope("events_api", payload) | {"accepts_response_payload": False}
        envelope |= {"retry_attempt": 0, "retry_reason": ""}
        self._store.put_envelope(envelope)
        self._start(envelope, None)
        if self._faults.take_duplicate():
            again = envelope | {"envelope_id": str(uuid.uuid4())}
            self._start(again | {"retry_attempt": 1, "retry_reason": "timeout"}, None)

    def send_interaction(self, kind: str, payload: dict[str, Any], on_answer: OnAnswer) -> None:
        """Deliver a `slash_commands` or `interactive` payload.

        `on_answer` gets what the bot acknowledged with, or None if it never did.
        """
        self._start(_envelope(kind, payload) | {"accepts_response_payload": True}, on_answer)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Speak Socket Mode with one bot until it leaves."""
        response = web.WebSocketResponse(heartbeat=20)
        await response.prepare(request)
        socket = _Socket(response, request)
        await response.send_json(_hello(len(self._sockets) + 1))
        await self._join(socket)
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            self._leave(socket)
        return response

    def drop(self, *, abrupt: bool) -> None:
        """Drop every socket: cut the connection, or close it as a restarting server would."""
        for socket in list(self._sockets):
            self._leave(socket)
            if abrupt and socket.request.transport is not None:
                socket.request.transport.abort()
            else:
                self._keep(asyncio.create_task(_close(socket.response)))

    async def close(self) -> None:
        """Close every socket and stop delivering; what is undelivered stays in the store."""
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        await asyncio.gather(*(_close(socket.response) for socket in list(self._sockets)))

    def _start(self, envelope: dict[str, Any], on_answer: OnAnswer | None) -> None:
        self._keep(asyncio.create_task(self._deliver(envelope, on_answer)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, envelope: dict[str, Any], on_answer: OnAnswer | None) -> None:
        if envelope["type"] == "events_api" and self._faults.late_events:
            await asyncio.sleep(self._faults.late_events)
        envelope_id = envelope["envelope_id"]
        answer = self._answers[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            acknowledged = await self._insist(envelope, answer)
        finally:
            del self._answers[envelope_id]
        self._store.drop_envelope(envelope_id)
        if on_answer is not None:
            on_answer(acknowledged)

    async def _insist(
        self, envelope: dict[str, Any], answer: asyncio.Future[Answer]
    ) -> Answer | None:
        """Send until acknowledged or `MAX_RETRIES` retries are used up."""
        retries = 0
        last: _Socket | None = None
        while True:
            socket = await self._pick(not_again=last)
            try:
                return await self._try(socket, envelope, answer)
            except TimeoutError:
                reason = "timeout"
                retries += 1
            except _Closed:
                # A bot that restarts is no reason to give up: only silence is counted.
                reason = "connection_failed"
            if retries > MAX_RETRIES:
                return None
            last = socket
            attempt = envelope.get("retry_attempt", 0) + 1
            envelope = envelope | {"retry_attempt": attempt, "retry_reason": reason}

    async def _try(
        self, socket: _Socket, envelope: dict[str, Any], answer: asyncio.Future[Answer]
    ) -> Answer:
        try:
            await socket.response.send_json(envelope)
        except (ConnectionError, RuntimeError) as error:
            self._leave(socket)
            raise _Closed from error
        closed = asyncio.ensure_future(socket.closed.wait())
        either: set[asyncio.Future[Any]] = {answer, closed}
        try:
            await asyncio.wait(
                either, timeout=self._ack_timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            closed.cancel()
        if answer.done():
            return answer.result()
        raise _Closed if socket.closed.is_set() else TimeoutError

    async def _pick(self, not_again: _Socket | None) -> _Socket:
        """The next socket in turn, another than last time if there is one; waits for the first."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: self._sockets)
        others = [socket for socket in self._sockets if socket is not not_again] or self._sockets
        self._turn += 1
        return others[self._turn % len(others)]

    async def _join(self, socket: _Socket) -> None:
        self._sockets.append(socket)
        self._feed.publish("connection", connected=True)
        async with self._arrived:
            self._arrived.notify_all()

    def _leave(self, socket: _Socket) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
            socket.closed.set()
            self._feed.publish("connection", connected=self.connected)

    def _acknowledge(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        answer = self._answers.get(str(message.get("envelope_id")))
        if answer is not None and not answer.done():
            payload = message.get("payload")
            answer.set_result(payload if isinstance(payload, dict) else {})


def _envelope(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"envelope_id": str(uuid.uuid4()), "type": kind, "payload": payload}


def _hello(connections: int) -> dict[str, Any]:
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


async def _close(response: web.WebSocketResponse) -> None:
    # The other side may be frozen or gone: never wait long for it to say goodbye.
    try:
        await asyncio.wait_for(response.close(code=1001, message=b"going away"), 0.3)
    except TimeoutError:
        return
