"""A real workspace on a real port, real Slack clients, and a small real Bolt app.

Time limits are far longer than a slow machine needs: a test that passes never waits for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.server import running
from bot.workspace.workspace import Workspace
from tests.bot.conftest import cookie_of

Json = dict[str, Any]
Connect = Callable[..., AbstractAsyncContextManager[AsyncSocketModeHandler]]
Local = Callable[..., Awaitable[Json]]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """A workspace that gives a bot as long as Slack does to acknowledge."""
    async with running() as started:
        yield started


@pytest.fixture
def bot(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)


@pytest.fixture
def alice(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(workspace.tokens.of("UALICE"), base_url=workspace.api_url)


@pytest.fixture
def bob(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(workspace.tokens.of("UBOB"), base_url=workspace.api_url)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def local(workspace: Workspace, http: aiohttp.ClientSession) -> Local:
    """Call a /local route as the page does: POST with a body, GET without one."""
    headers = cookie_of(workspace)

    async def call(path: str, body: Json | None = None, **query: str) -> Json:
        method = "GET" if body is None else "POST"
        address = f"{workspace.url}/local/{path}"
        async with http.request(
            method, address, json=body, params=query, headers=headers
        ) as response:
            answer: Json = await response.json()
            return answer | {"status": response.status}

    return call


@pytest.fixture
def app(bot: AsyncWebClient) -> AsyncApp:
    return AsyncApp(client=bot, process_before_response=True)


@pytest.fixture
def connect() -> Connect:
    return connected


@asynccontextmanager
async def connected(
    app: AsyncApp, ping_interval: float = 0.5
) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connect a Bolt app over Socket Mode for the length of a block.

    It pings every `ping_interval` seconds and reconnects after four without an answer.
    """
    # All tokens end in the same secret.
    token = str(app.client.token).replace("xoxb", "xapp", 1)
    handler = AsyncSocketModeHandler(app, token, web_client=app.client, ping_interval=ping_interval)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def soon(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def texts(client: AsyncWebClient, channel: str = "CGENERAL") -> list[str]:
    """The texts of a channel's messages outside threads, oldest first."""
    messages = (await client.conversations_history(channel=channel))["messages"]
    return [message["text"] for message in messages][::-1]
