"""The page of a real workspace in a real browser, which all tests share.

The tests run in one event loop, because the browser lives in it longer than a test.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from bot.workspace.server import running
from bot.workspace.sign_in import address
from bot.workspace.workspace import Workspace
from tests.conftest import missing

Open = Callable[..., Awaitable[Page]]

TIMEOUT_MS = 30_000
expect.set_options(timeout=TIMEOUT_MS)

PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=800)


@pytest_asyncio.fixture(loop_scope="session")
async def workspace() -> AsyncIterator[Workspace]:
    """A new workspace for each test, in the event loop of the browser."""
    async with running() as started:
        yield started


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of the page: starting it takes longer than most of them."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("chromium")
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


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, workspace: Workspace) -> AsyncIterator[Open]:
    """Open the page as one person, each time in a browser profile of its own.

    A JavaScript error on any page, or an error on its console, fails the test.
    """
    errors: list[str] = []
    contexts: list[BrowserContext] = []

    def on_console(line: ConsoleMessage) -> None:
        # A refused request is logged by the browser itself, and the page copes with it.
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            errors.append(line.text)

    async def opened(
        user: str = "UALICE", *, phone: bool = False, locale: str = "en-US", at: str = ""
    ) -> Page:
        context = await browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            locale=locale,
        )
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", on_console)
        await page.goto(f"{address(workspace)}&user={user}{at}")
        await page.wait_for_selector("#app[data-ready=true]")
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert errors == []
