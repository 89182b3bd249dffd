"""The connections of bots: who may connect, and how the real Bolt client stays connected."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, Json, soon


async def test_nobody_connects_without_asking_for_an_address(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect(f"ws://127.0.0.1:{workspace.port}/link/?ticket=guess")
    assert caught.value.status == 403


@pytest.mark.parametrize("how", [True, "abrupt"])
async def test_the_real_client_comes_back_after_its_socket_was_dropped(
    app: AsyncApp, connect: Connect, alice: AsyncWebClient, workspace: Workspace, how: object
) -> None:
    heard: list[str] = []

    @app.event("message")
    async def said(event: Json) -> None:
        heard.append(event["text"])

    async with connect(app):
        await soon(lambda: workspace.sockets.connected)
        workspace.sockets.drop(abrupt=how == "abrupt")
        await alice.chat_postMessage(channel="general", text="still there?")
        await soon(lambda: heard == ["still there?"], seconds=60)


async def test_the_real_client_stays_connected_when_nothing_happens(
    app: AsyncApp, connect: Connect, workspace: Workspace
) -> None:
    # The client would reconnect after four unanswered pings, which take one second.
    async with connect(app, ping_interval=0.25) as handler:
        session = await handler.client.session_id()
        await asyncio.sleep(1.3)
        assert await handler.client.is_connected()
        assert await handler.client.session_id() == session
    await soon(lambda: not workspace.sockets.connected)
