"""What the page reads: its first state and the stream of page events."""

from __future__ import annotations

import asyncio
import json

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tests.bot.conftest import cookie_of
from tests.bot.workspace.conftest import Connect, Json, Local, soon


async def test_the_page_learns_who_is_there_and_whether_the_bot_is(
    app: AsyncApp, connect: Connect, local: Local, workspace: Workspace
) -> None:
    before = await local("state")
    async with connect(app):
        await soon(lambda: workspace.sockets.connected)
        during = await local("state")

    assert (before["connected"], during["connected"]) == (False, True)
    assert before["tokens"]["UALICE"] == workspace.tokens.of("UALICE")
    assert "UBOT" not in before["tokens"]
    assert {channel["id"] for channel in before["channels"]} >= {"CGENERAL", "CRANDOM", "DBOB"}


async def test_a_persons_locale_is_that_of_their_page(local: Local, bot: AsyncWebClient) -> None:
    assert (await local("locale", {"user": "UALICE", "locale": "en-GB"}))["ok"]
    refused = await local("locale", {"user": "UALICE", "locale": "en GB"})
    assert (refused["ok"], refused["status"]) == (False, 400)
    asked = await bot.users_info(user="UALICE", include_locale=True)
    assert asked["user"]["locale"] == "en-GB"


class Events:
    """Reads a stream of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> tuple[str, str, Json]:
        fields: dict[str, str] = {}
        while "data" not in fields:
            line = (await asyncio.wait_for(self._response.content.readline(), 30)).decode()
            name, _, value = line.strip().partition(": ")
            fields[name] = value
        return fields["id"], fields["event"], json.loads(fields["data"])


async def test_the_page_follows_what_happens_and_picks_up_where_it_was(
    workspace: Workspace, http: aiohttp.ClientSession, alice: AsyncWebClient, bot: AsyncWebClient
) -> None:
    address, cookie = f"{workspace.url}/local/events", cookie_of(workspace)
    async with http.get(address, headers=cookie) as response:
        events = Events(response)
        ts = (await alice.chat_postMessage(channel="general", text="one"))["ts"]
        first, kind, data = await events.next()
        assert (kind, data["message"]["text"]) == ("message", "one")
    await bot.chat_postMessage(channel="CGENERAL", thread_ts=ts, text="two")

    async with http.get(address, headers=cookie | {"Last-Event-ID": first}) as response:
        events = Events(response)
        missed = [await events.next() for _ in range(2)]
    assert [kind for _, kind, _ in missed] == ["message", "thread"]
    assert missed[1][2]["reply_count"] == 1

    async with http.get(address, headers=cookie | {"Last-Event-ID": "before-7"}) as response:
        assert (await Events(response).next())[1] == "reset"
