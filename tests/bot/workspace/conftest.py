"""A real workspace on a real port, real Slack clients, and a small real Bolt app."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.server import running
from bot.workspace.workspace import Workspace

Json = dict[str, Any]
Connect = Callable[[AsyncApp], AbstractAsyncContextManager[AsyncSocketModeHandler]]
Local = Callable[..., Awaitable[Json]]
Open = Callable[..., Awaitable[Page]]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with running(ack_timeout=0.3) as started:
        yield started


@pytest.fixture
def bot(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient("xoxb-local", base_url=workspace.api_url)


@pytest.fixture
def alice(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient("xoxp-local-UALICE", base_url=workspace.api_url)


@pytest.fixture
def bob(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient("xoxp-local-UBOB", base_url=workspace.api_url)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def local(workspace: Workspace, http: aiohttp.ClientSession) -> Local:
    """Call a /local route: with a body it is posted, with a query it is got."""

    async def call(path: str, body: Json | None = None, **query: str) -> Json:
        method = "GET" if body is None else "POST"
        address = f"{workspace.url}/local/{path}"
        async with http.request(method, address, json=body, params=query) as response:
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
async def connected(app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connect a Bolt app over Socket Mode for the length of a block."""
    client = app.client
    handler = AsyncSocketModeHandler(app, "xapp-local", web_client=client, ping_interval=0.5)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def soon(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def texts(client: AsyncWebClient, channel: str = "CGENERAL") -> list[str]:
    messages = (await client.conversations_history(channel=channel))["messages"]
    return [message["text"] for message in messages][::-1]


PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=800)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-proxy-server",
    ]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=flags)
        yield launched
        await launched.close()


@pytest.fixture
async def open_page(browser: Browser, workspace: Workspace) -> AsyncIterator[Open]:
    """Open the page as somebody; anything the browser complains about fails the test."""
    complaints: list[str] = []

    def notice(line: ConsoleMessage) -> None:
        # A refused request is logged by the browser itself; the page is to cope with it.
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            complaints.append(line.text)

    async def opened(
        user: str = "UALICE", *, phone: bool = False, locale: str = "en-US", at: str = ""
    ) -> Page:
        context = await browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            locale=locale,
        )
        page = await context.new_page()
        page.set_default_timeout(5000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", notice)
        await page.goto(f"{workspace.url}/?user={user}{at}")
        await page.wait_for_selector("#app[data-ready=true]")
        return page

    yield opened
    assert complaints == []
