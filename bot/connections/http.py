"""HTTP mode: the server that Slack sends its requests to, one path for all of them.

Nothing of a request is read before it is certain that Slack sent it, just now and for the first
time. What a proxy in front of the server does, such as TLS, is not known here.
"""

import asyncio
import errno
import hashlib
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from redis import Redis
from redis.exceptions import RedisError
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.connections.dispatch import ACKNOWLEDGED, dispatch
from bot.connections.health import HEALTH_PATH, Health
from bot.errors import CannotListen
from tasks.broker.leases import take

log = logging.getLogger(__name__)

REQUEST_PATH = "/slack/events"
"""Where Bolt listens too, so that an address that a team has registered stays the same."""
MAX_BYTES = 1_000_000
"""Slack's largest requests hold a form of 100 blocks with 3,000 characters each."""
BODY_SECONDS = 5.0
SHUTDOWN_SECONDS = 2.0
"""Slack waits three seconds for an answer."""
AWAY_SECONDS = 5.0
"""How long a broker that was away is not asked again."""
REPLAY_MS = 660_000
"""Longer than any signature is taken: its time may be five minutes behind or ahead."""

_TIMESTAMP = re.compile("[0-9]{1,12}")
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


class RequestUrl:
    """What is behind the request URL of one app."""

    def __init__(self, app: AsyncApp, signing_secret: str, redis: Redis) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._redis = redis
        # Own threads: while the broker is away, the relay's calls occupy asyncio's default ones.
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="requests")
        self._broker_away_until = 0.0

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one request of Slack's."""
        try:
            body = await self._verified_body(request)
            payload = _payload_of(body, request.content_type)
        except web.HTTPException as refused:
            log.info("a request is refused: %s", refused.reason)
            raise
        response = await self._answer(payload, request.headers)
        if response.status != ACKNOWLEDGED:
            # Slack sends it again, perhaps within the same second and so with the same signature.
            await self._forget(request.headers)
        return await to_aiohttp_response(response)

    async def show_certificate(self, request: web.Request) -> web.Response:
        """Answer Slack's look at whether the address is reached over TLS."""
        return web.Response()

    async def _answer(self, payload: Mapping[str, Any], headers: Mapping[str, str]) -> BoltResponse:
        if payload.get("type") == "url_verification":
            return BoltResponse(status=200, body={"challenge": str(payload.get("challenge", ""))})
        if payload.get("ssl_check") and "command" not in payload:
            return BoltResponse(status=200)
        names = ("X-Slack-Retry-Num", "X-Slack-Retry-Reason")
        repeat = {name.lower(): [headers[name]] for name in names if name in headers}
        return await dispatch(self._app, payload, repeat)

    async def _verified_body(self, request: web.Request) -> str:
        """Return the body of a request that Slack has sent, and has not sent before.

        Raises:
            web.HTTPException: 401, 408, 413 or 415.
        """
        if request.content_type not in (_JSON, _FORM):
            raise web.HTTPUnsupportedMediaType
        if (request.content_length or 0) > MAX_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_BYTES, request.content_length or 0)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = (await request.read()).decode("utf-8")
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except UnicodeDecodeError:
            raise web.HTTPUnauthorized from None
        if not self._is_slacks(body, request.headers) or await self._is_replay(request.headers):
            raise web.HTTPUnauthorized
        return body

    def _is_slacks(self, body: str, headers: Mapping[str, str]) -> bool:
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        # The verifier raises where the one is no number, or the other not ASCII.
        if not (_TIMESTAMP.fullmatch(timestamp) and signature.isascii()):
            return False
        return self._verifier.is_valid(body, timestamp, signature)

    async def _is_replay(self, headers: Mapping[str, str]) -> bool:
        """Tell whether any bot of this broker has taken the same request before.

        Without the broker nothing can be done a second time, and no time is lost on it.
        """
        if time.monotonic() < self._broker_away_until:
            return False
        taken = await self._in_broker(partial(take, self._redis, _replay_key(headers), REPLAY_MS))
        return taken is False

    async def _forget(self, headers: Mapping[str, str]) -> None:
        await self._in_broker(partial(self._redis.delete, _replay_key(headers)))

    async def _in_broker(self, call: Callable[[], Any]) -> Any:
        """Return the broker's answer; None where it is away."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except RedisError:
            self._broker_away_until = time.monotonic() + AWAY_SECONDS
            return None


def _replay_key(headers: Mapping[str, str]) -> str:
    signature = headers["X-Slack-Signature"]
    return f"swallow:request:{hashlib.sha256(signature.encode()).hexdigest()}"


def _payload_of(body: str, content_type: str) -> Mapping[str, Any]:
    """Return what a request carries: an event in JSON, a command as a form, an interaction as JSON
    in a field of a form.

    Raises:
        web.HTTPBadRequest: it can be read as none of them.
    """
    try:
        if content_type == _JSON:
            payload = json.loads(body)
        else:
            fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=100))
            payload = json.loads(fields["payload"]) if "payload" in fields else fields
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest from None
    if not isinstance(payload, dict):
        raise web.HTTPBadRequest
    return payload


@asynccontextmanager
async def listening(
    address: tuple[str, int], health: Health, url: RequestUrl | None = None
) -> AsyncIterator[None]:
    """Tell the bot's health, and take Slack's requests at `url`, as long as the context lasts.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
    """
    server = web.Application(client_max_size=MAX_BYTES)
    server.router.add_get(HEALTH_PATH, health.answer)
    if url is not None:
        server.router.add_post(REQUEST_PATH, url.receive)
        server.router.add_get(REQUEST_PATH, url.show_certificate)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *address).start()
        except OSError as error:
            host, port = address
            why = "it is taken" if error.errno == errno.EADDRINUSE else error.strerror
            raise CannotListen(f"The bot cannot listen at {host}:{port}: {why}.") from error
        yield
    finally:
        await runner.cleanup()
