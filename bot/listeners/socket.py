"""The socket's end of Bolt: what no listener can read is acknowledged and left alone.

Bolt itself fails on a payload of another shape, and Slack would send that again and again.
"""

import logging

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.listeners.payload import fault_of, printable

log = logging.getLogger(__name__)


class SocketHandler(AsyncSocketModeHandler):
    """Hands the payload of each envelope to Bolt, which answers it."""

    async def handle(  # type: ignore[override]  # Bolt's own narrows the client in the same way
        self, client: SocketModeClient, req: SocketModeRequest
    ) -> None:
        """Take one envelope."""
        req.payload = printable(req.payload)
        fault = fault_of(req.payload)
        if fault:
            log.info("a payload is left alone: %s is not as expected", fault)
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
            return
        try:
            await super().handle(client, req)
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            # Not a listener's error, which Bolt handles: Bolt itself cannot read the payload.
            log.warning("a payload is left alone: Bolt cannot read it (%s)", type(error).__name__)
