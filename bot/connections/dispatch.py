"""Hands a payload to Bolt, whichever way it came; what no listener can read is left alone.

Bolt itself fails on a payload of another shape. It is acknowledged all the same: Slack would send
it again and again.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.listeners.payload import fault_of, printable

log = logging.getLogger(__name__)

ACKNOWLEDGED = 200
"""The only status with which Slack does not send an event again."""


async def dispatch(
    app: AsyncApp, payload: Mapping[str, Any], headers: Mapping[str, Sequence[str]]
) -> BoltResponse:
    """Return what Slack is to be answered.

    Of the `headers` the listeners read `x-slack-retry-num`. Whoever calls this has made sure that
    Slack sent the payload.
    """
    payload = printable(payload)
    fault = fault_of(payload)
    if fault:
        log.info("a payload is left alone: %s is not as expected", fault)
        return BoltResponse(status=ACKNOWLEDGED)
    try:
        # The mode says that there is no signature left to check.
        request = AsyncBoltRequest(mode="socket_mode", body=payload, headers=dict(headers))
        return await app.async_dispatch(request)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        # Not a listener's error, which Bolt handles: Bolt itself cannot read the payload.
        log.warning("a payload is left alone: Bolt cannot read it (%s)", type(error).__name__)
        return BoltResponse(status=ACKNOWLEDGED)
