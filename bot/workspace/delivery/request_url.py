"""HTTP delivery: payloads are posted to the request URL of an app, signed as Slack signs them.

To `delivery.sockets` an app that answers at its request URL is a connection like a socket. One that
does not answer is asked for its challenge until it does, as in Slack when the address is entered:
meanwhile payloads wait. Knows nothing of retries.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.workspace.delivery.payloads import VERIFICATION_TOKEN
from bot.workspace.delivery.sockets import Sockets

CHALLENGE_SECONDS = 0.2
"""Between two challenges to an app that does not answer."""
ANSWER_SECONDS = 3.0

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


class RequestUrl:
    """The request URL of one app; `on_text` gets acknowledgements as a socket's bot sends them."""

    def __init__(
        self, url: str, signing_secret: str, sockets: Sockets, on_text: Callable[[str], None]
    ) -> None:
        self.closed = asyncio.Event()
        self._url = url
        self._signer = SignatureVerifier(signing_secret)
        self._sockets = sockets
        self._on_text = on_text
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS), trust_env=False
        )
        self._keeping = asyncio.create_task(self._keep())

    async def send(self, envelope: dict[str, Any]) -> None:
        """Post the payload of an envelope, and hand on what it is acknowledged with.

        Raises:
            ConnectionError: nothing answers at the address.
            TimeoutError: it does not answer in time, or with another status than 200.
        """
        kind, payload = envelope["type"], envelope["payload"]
        if kind == "events_api":
            body, content_type = json.dumps(payload), _JSON
        else:
            fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, content_type = urlencode(fields), _FORM
        headers = {}
        if attempt := envelope.get("retry_attempt"):
            reason = str(envelope["retry_reason"]).replace("timeout", "http_timeout")
            headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        text = await self._post(body, content_type, headers)
        acknowledgement = {"envelope_id": envelope["envelope_id"], "payload": _payload_in(text)}
        self._on_text(json.dumps(acknowledgement))

    def abort(self) -> None:
        """There is no connection to cut: each payload has its own."""

    async def close(self) -> None:
        """Deliver nothing more."""
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)
        await self._session.close()

    async def _keep(self) -> None:
        """Be among the sockets for as long as the app answers."""
        while True:
            if await self._has_answered_challenge():
                self.closed.clear()
                await self._sockets.add(self)
                await self.closed.wait()
            else:
                await asyncio.sleep(CHALLENGE_SECONDS)

    async def _has_answered_challenge(self) -> bool:
        challenge = uuid.uuid4().hex
        payload = {
            "token": VERIFICATION_TOKEN,
            "challenge": challenge,
            "type": "url_verification",
        }
        try:
            return challenge in await self._post(json.dumps(payload), _JSON, {})
        except (ConnectionError, TimeoutError):
            return False

    async def _post(self, body: str, content_type: str, headers: dict[str, str]) -> str:
        timestamp = str(int(time.time()))
        signature = self._signer.generate_signature(timestamp=timestamp, body=body)
        signed = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": str(signature),
        }
        try:
            async with self._session.post(
                self._url, data=body.encode(), headers=signed | headers
            ) as response:
                text = await response.text()
        except TimeoutError:
            raise
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error)) from error
        if response.status != 200:
            raise TimeoutError(f"HTTP status {response.status}")
        return text


def _payload_in(text: str) -> dict[str, Any]:
    """What a payload is acknowledged with: a JSON object, or the text of a reply."""
    try:
        payload = json.loads(text or "{}")
    except ValueError:
        payload = {"text": text}
    return payload if isinstance(payload, dict) else {"text": text}
