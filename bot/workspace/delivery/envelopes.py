"""Delivers each payload, in an envelope, to one connected bot until the bot acknowledges it.

Delivery follows Slack's Socket Mode: a bot has 3 seconds to acknowledge, then the envelope is sent
again with a higher `retry_attempt`, at most three times: an event at once, after a minute and after
five more. An envelope whose socket closes is sent over another one. Knows nothing of what is in a
payload.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

from bot.workspace.delivery.sockets import Connection, Sockets
from bot.workspace.faults import Faults
from bot.workspace.state.database import Database

RETRY_SECONDS = (0.0, 60.0, 300.0)
"""Pauses before the retries of an event (https://docs.slack.dev/apis/events-api/#retries)."""

MAX_RETRIES = len(RETRY_SECONDS)

Envelope = dict[str, Any]
Response = dict[str, Any]
OnResponse = Callable[[Response | None], None]


class _SocketClosed(Exception):
    """The socket closed before the envelope sent over it was acknowledged."""


class Envelopes:
    """The envelopes that are on their way to the bots.

    `ack_timeout` is how many seconds a bot has to acknowledge one.
    """

    def __init__(
        self, database: Database, faults: Faults, sockets: Sockets, ack_timeout: float
    ) -> None:
        self._database = database
        self._faults = faults
        self._sockets = sockets
        self.ack_timeout = ack_timeout
        self.retry_seconds = RETRY_SECONDS
        self._responses: dict[str, asyncio.Future[Response]] = {}
        self._deliveries: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Deliver what was undelivered when the workspace stopped."""
        for envelope in self._database.envelopes():
            self._start(envelope, None)

    def send_event(self, payload: dict[str, Any]) -> None:
        """Deliver an Events API payload; it survives a restart of the workspace."""
        envelope = _envelope("events_api", payload) | {"accepts_response_payload": False}
        envelope |= {"retry_attempt": 0, "retry_reason": ""}
        self._database.put_envelope(envelope)
        self._start(envelope, None)
        if self._faults.take_duplicate():
            duplicate = envelope | {"envelope_id": str(uuid.uuid4())}
            self._start(duplicate | {"retry_attempt": 1, "retry_reason": "timeout"}, None)

    def send_interaction(self, kind: str, payload: dict[str, Any], on_response: OnResponse) -> None:
        """Deliver a `slash_commands` or `interactive` payload.

        `on_response` gets the payload the bot acknowledged with, or None if it never acknowledged.
        """
        self._start(_envelope(kind, payload) | {"accepts_response_payload": True}, on_response)

    def acknowledge(self, text: str) -> None:
        """Take what a bot sent over its socket; anything but an acknowledgement is ignored."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        response = self._responses.get(str(message.get("envelope_id")))
        if response is not None and not response.done():
            payload = message.get("payload")
            response.set_result(payload if isinstance(payload, dict) else {})

    async def close(self) -> None:
        """Stop delivering; undelivered events stay in the database."""
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    def _start(self, envelope: Envelope, on_response: OnResponse | None) -> None:
        task = asyncio.create_task(self._deliver(envelope, on_response))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, envelope: Envelope, on_response: OnResponse | None) -> None:
        if envelope["type"] == "events_api" and self._faults.late_events:
            await asyncio.sleep(self._faults.late_events)
        envelope_id = envelope["envelope_id"]
        response = self._responses[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            acknowledged = await self._send_with_retries(envelope, response)
        finally:
            del self._responses[envelope_id]
        self._database.drop_envelope(envelope_id)
        if on_response is not None:
            on_response(acknowledged)

    async def _send_with_retries(
        self, envelope: Envelope, response: asyncio.Future[Response]
    ) -> Response | None:
        """Send until acknowledged; None once `MAX_RETRIES` retries after a time-out are used up."""
        retries = 0
        socket: Connection | None = None
        while True:
            socket = await self._sockets.next(but_not=socket)
            try:
                return await self._send(socket, envelope, response)
            except TimeoutError:
                reason = "timeout"
                retries += 1
            except _SocketClosed:
                # Not counted as a retry: a bot may restart any number of times.
                reason = "connection_failed"
            if retries > MAX_RETRIES:
                return None
            if reason == "timeout" and envelope["type"] == "events_api":
                await asyncio.sleep(self.retry_seconds[retries - 1])
            attempt = envelope.get("retry_attempt", 0) + 1
            envelope = envelope | {"retry_attempt": attempt, "retry_reason": reason}

    async def _send(
        self, socket: Connection, envelope: Envelope, response: asyncio.Future[Response]
    ) -> Response:
        """Send once and wait for the response.

        Raises TimeoutError if none came in time or, over HTTP, a refusal; _SocketClosed if the
        socket closed before.
        """
        try:
            await socket.send(envelope)
        except (ConnectionError, RuntimeError) as error:
            self._sockets.remove(socket)
            raise _SocketClosed from error
        closed = asyncio.ensure_future(socket.closed.wait())
        either: set[asyncio.Future[Any]] = {response, closed}
        try:
            await asyncio.wait(
                either, timeout=self.ack_timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            closed.cancel()
        if response.done():
            return response.result()
        raise _SocketClosed if socket.closed.is_set() else TimeoutError


def _envelope(kind: str, payload: dict[str, Any]) -> Envelope:
    return {"envelope_id": str(uuid.uuid4()), "type": kind, "payload": payload}
