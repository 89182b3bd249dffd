"""A browser is let in by the printed address alone."""

from __future__ import annotations

import aiohttp
import pytest

from bot.workspace.server import running
from bot.workspace.sign_in import address
from bot.workspace.workspace import Workspace
from tests.bot.conftest import cookie_of


async def test_the_printed_address_sets_the_cookie_and_leads_to_a_clean_one(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    printed = f"{address(workspace)}&user=UBOB"
    async with http.get(printed, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/?user=UBOB")
        cookie = response.cookies[f"swallow-{workspace.port}"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")

    async with http.get(workspace.url, headers=cookie_of(workspace)) as response:
        assert response.status == 200
        assert 'id="app"' in await response.text()


@pytest.mark.parametrize("query", ["", "?secret=", "?secret=" + "0" * 32, "?secret=あ"])
async def test_without_the_right_secret_the_page_says_how_to_get_in(
    workspace: Workspace, http: aiohttp.ClientSession, query: str
) -> None:
    async with http.get(f"{workspace.url}/{query}") as response:
        text = await response.text()
        assert (response.status, response.cookies) == (403, {})
    assert "swallow up</code> printed" in text
    assert "アドレスを開いてください" in text
    assert 'id="app"' not in text
    assert workspace.tokens.secret not in text


async def test_the_cookie_of_an_earlier_start_lets_nobody_in(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    async with running() as other:
        headers = {"Cookie": f"swallow-{workspace.port}={other.tokens.secret}"}
        for path in ("/", "/local/state", "/local/events"):
            async with http.get(workspace.url + path, headers=headers) as response:
                assert response.status == 403
