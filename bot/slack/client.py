"""The Web API client of the bot: which of its calls are repeated after a failure, and that in none
of them Slack looks for names and addresses.

Rate limits are waited out, but not for a stream's text, which an edit can show. Lost connections
and server errors are repeated only where a second call does no harm. Knows nothing of jobs.
"""

import os
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.http_retry import HttpRequest, HttpResponse
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import TokensMissing
from bot.pace.call_pace import CallPace
from bot.settings import BotSettings
from bot.slack.call_counts import CallCounts

TIMEOUT_SECONDS = 20

_NOT_REPEATABLE = (
    "/chat.appendStream",
    "/chat.postMessage",
    "/chat.startStream",
    "/files.completeUploadExternal",
)
_NOT_WAITED_FOR = ("/chat.appendStream", "/chat.startStream")
"""Text that must wait is shown by an edit instead."""

_NOT_LINKED = {"parse": "none", "link_names": False}
_NOT_SOUGHT: Mapping[str, Mapping[str, Any]] = {
    "chat.postMessage": {**_NOT_LINKED, "unfurl_links": False, "unfurl_media": False},
    "chat.postEphemeral": _NOT_LINKED,
    "chat.update": _NOT_LINKED,
}
"""What keeps Slack from making links of the names and addresses in a text, and previews of these.
Left out, an edit is parsed as if a person had typed it, and pictures are fetched
(https://docs.slack.dev/reference/methods/chat.update)."""


def client_of(
    settings: BotSettings,
    session: aiohttp.ClientSession | None = None,
    counts: CallCounts | None = None,
    pace: CallPace | None = None,
) -> AsyncWebClient:
    """Return a Web API client that waits out rate limits and passing errors.

    With a `session` its calls share connections; the caller closes it. Calls and retries are
    counted in `counts`; with a `pace` each call waits for its turn.

    Raises:
        TokensMissing: one of the two tokens is not set, or is not of its kind; over HTTP, the
            signing secret instead of the second.
    """
    _require_token("SLACK_BOT_TOKEN", settings.bot_token, "xoxb-")
    if settings.http is None:
        _require_token("SLACK_APP_TOKEN", settings.app_token, "xapp-")
    else:
        _require_signing_secret(settings.signing_secret)
    if settings.is_local:
        _forget_proxies()
    counts = counts or CallCounts()
    pace = pace or CallPace({})
    client = _PacedClient(
        counts,
        pace,
        token=settings.bot_token,
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        session=session,
    )
    client.retry_handlers = [
        _ConnectionRetry(counts, max_retry_count=2),
        _RateLimitRetry(counts, pace, max_retry_count=5),
        _ServerErrorRetry(counts, max_retry_count=2),
    ]
    return client


class _PacedClient(AsyncWebClient):
    def __init__(self, counts: CallCounts, pace: CallPace, **options: Any) -> None:
        super().__init__(**options)
        self._counts = counts
        self._pace = pace

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        await self._pace.wait_for_turn(api_method, _channel_of(arguments.get("json")))
        self._counts.add("calls", api_method)
        if api_method in _NOT_SOUGHT:
            arguments["json"] = {**arguments["json"], **_NOT_SOUGHT[api_method]}
        return await super().api_call(api_method, **arguments)


class _CountedRetry(AsyncRetryHandler):
    def __init__(self, counts: CallCounts, **options: Any) -> None:
        super().__init__(**options)
        self._counts = counts

    async def prepare_for_next_attempt_async(self, *, request: HttpRequest, **more: Any) -> None:
        self._counts.add("retries", request.url.rpartition("/")[2])
        await super().prepare_for_next_attempt_async(request=request, **more)


class _RateLimitRetry(_CountedRetry, AsyncRateLimitErrorRetryHandler):
    def __init__(self, counts: CallCounts, pace: CallPace, **options: Any) -> None:
        super().__init__(counts, **options)
        self._pace = pace

    async def _can_retry_async(
        self, *, request: HttpRequest, response: HttpResponse | None = None, **more: Any
    ) -> bool:
        limited = await super()._can_retry_async(request=request, response=response, **more)
        if limited:
            # Calls that have not been made yet would be refused too.
            self._pace.hold(request.url.rpartition("/")[2], _retry_after(response))
        return limited and not request.url.endswith(_NOT_WAITED_FOR)


class _ConnectionRetry(_CountedRetry, AsyncConnectionErrorRetryHandler):
    async def _can_retry_async(self, *, request: HttpRequest, **more: Any) -> bool:
        return _repeatable(request) and await super()._can_retry_async(request=request, **more)


class _ServerErrorRetry(_CountedRetry, AsyncServerErrorRetryHandler):
    async def _can_retry_async(self, *, request: HttpRequest, **more: Any) -> bool:
        return _repeatable(request) and await super()._can_retry_async(request=request, **more)


def _channel_of(arguments: Any) -> str:
    return str(arguments.get("channel", "")) if isinstance(arguments, dict) else ""


def _retry_after(response: HttpResponse | None) -> float:
    """Return the seconds for which Slack wants no such call; 0 where it does not say."""
    headers = response.headers if response is not None else {}
    values = [value for name, value in headers.items() if name.lower() == "retry-after"]
    first = str(values[0][0] if values and isinstance(values[0], list) else (values or [""])[0])
    return float(first) if first.isascii() and first.isdigit() else 0.0


def _repeatable(request: HttpRequest) -> bool:
    """Tell whether a call may be made twice.

    A post whose answer got lost may have arrived; `bot.delivery.posted` looks for it instead.
    """
    return not request.url.endswith(_NOT_REPEATABLE)


def _require_token(name: str, value: str, start: str) -> None:
    if not value.startswith(start):
        problem = f"does not start with {start}" if value else "is not set"
        raise TokensMissing(
            f"{name} {problem}: take it from your Slack app's page, or start `swallow up` "
            "without both to use the local workspace."
        )


def _require_signing_secret(value: str) -> None:
    if not value:
        raise TokensMissing(
            "SLACK_SIGNING_SECRET is not set: over HTTP the bot takes it from your Slack app's "
            "page, Basic Information → App Credentials; or unset SWALLOW_HTTP for Socket Mode."
        )


def _forget_proxies() -> None:
    """Drop the proxy variables: slack_sdk sends even loopback requests there, despite NO_PROXY."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        os.environ.pop(name, None)
