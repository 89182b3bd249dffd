"""Other web pages must not reach the workspace through the browser of the person who runs it."""

from __future__ import annotations

import aiohttp
import pytest

from bot.workspace.workspace import Workspace
from tests.bot.conftest import cookie_of

PATHS = ["/", "/local/state", "/local/faults", "/api/auth.test", "/link/", "/page/app.js"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:3980", "127.0.0.1.evil.example"])
async def test_a_foreign_host_is_refused_everywhere(
    workspace: Workspace, http: aiohttp.ClientSession, path: str, host: str
) -> None:
    async with http.get(workspace.url + path, headers={"Host": host}) as response:
        assert response.status == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_foreign_origin_is_refused_everywhere(
    workspace: Workspace, http: aiohttp.ClientSession, path: str, origin: str
) -> None:
    async with http.get(workspace.url + path, headers={"Origin": origin}) as response:
        assert response.status == 403


async def test_a_foreign_page_cannot_even_send_a_request_without_an_origin(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    address = workspace.api_url + "auth.test?token=" + workspace.tokens.bot
    async with http.get(address, headers={"Sec-Fetch-Site": "cross-site"}) as response:
        assert response.status == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_the_page_itself_is_let_in_under_either_name(
    workspace: Workspace, http: aiohttp.ClientSession, name: str
) -> None:
    host = f"{name}:{workspace.port}"
    headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    headers |= cookie_of(workspace)
    async with http.get(workspace.url + "/local/state", headers=headers) as response:
        assert response.status == 200
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_every_answer_carries_a_strict_policy(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    for path in ("/", "/page/app.js", "/local/state", "/nowhere"):
        async with http.get(workspace.url + path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_nothing_outside_the_page_folder_is_served(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    for path in ("/page/../server.py", "/page/%2e%2e/server.py", "/page/"):
        async with http.get(workspace.url + path) as response:
            assert response.status in (403, 404)
