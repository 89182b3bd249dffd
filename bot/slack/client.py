"""The Web API client of the bot, and which of its calls are repeated after a failure.

Rate limits are waited out for every call. Lost connections and server errors are repeated only
where a second call does no harm. Knows nothing of jobs.
"""

import os
from typing import Any

import aiohttp
from slack_sdk.http_retry import HttpRequest
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import TokensMissing
from bot.settings import BotSettings

TIMEOUT_SECONDS = 20

_NOT_REPEATABLE = ("/chat.postMessage", "/files.completeUploadExternal")


def client_of(
    settings: BotSettings, session: aiohttp.ClientSession | None = None
) -> AsyncWebClient:
    """Return a Web API client that waits out rate limits and passing errors.

    With a `session` its calls share connections; the caller closes it.

    Raises:
        TokensMissing: one of the two tokens is not set, or is not of its kind.
    """
    _require_token("SLACK_BOT_TOKEN", settings.bot_token, "xoxb-")
    _require_token("SLACK_APP_TOKEN", settings.app_token, "xapp-")
    if settings.is_local:
        _forget_proxies()
    client = AsyncWebClient(
        token=settings.bot_token,
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        session=session,
    )
    client.retry_handlers = [
        _ConnectionRetry(max_retry_count=2),
        AsyncRateLimitErrorRetryHandler(max_retry_count=5),
        _ServerErrorRetry(max_retry_count=2),
    ]
    return client


class _ConnectionRetry(AsyncConnectionErrorRetryHandler):
    async def _can_retry_async(self, *, request: HttpRequest, **more: Any) -> bool:
        return _repeatable(request) and await super()._can_retry_async(request=request, **more)


class _ServerErrorRetry(AsyncServerErrorRetryHandler):
    async def _can_retry_async(self, *, request: HttpRequest, **more: Any) -> bool:
        return _repeatable(request) and await super()._can_retry_async(request=request, **more)


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


def _forget_proxies() -> None:
    """Drop the proxy variables: slack_sdk sends even loopback requests there, despite NO_PROXY."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        os.environ.pop(name, None)
