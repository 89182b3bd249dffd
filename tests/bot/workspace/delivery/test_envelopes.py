"""Delivery of envelopes to a bare socket, which acknowledges only what a test wants it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, Json, soon

Dial = Callable[[], Any]


class BareSocket:
    """A Socket Mode client that acknowledges only on request."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self.connection = connection

    async def next(self) -> Json:
        envelope: Json = await asyncio.wait_for(self.connection.receive_json(), 30)
        return envelope

    async def acknowledge(self, envelope: Json) -> None:
        await self.connection.send_json({"envelope_id": envelope["envelope_id"]})

    async def silence(self, seconds: float) -> bool:
        """Whether nothing arrives within so many seconds."""
        try:
            await asyncio.wait_for(self.connection.receive(), seconds)
        except TimeoutError:
            return True
        return False


@pytest.fixture
async def dial(workspace: Workspace, http: aiohttp.ClientSession) -> AsyncIterator[Dial]:
    opened: list[aiohttp.ClientWebSocketResponse] = []
    client = AsyncWebClient(workspace.tokens.app, base_url=workspace.api_url)

    async def connect() -> BareSocket:
        address = (await client.apps_connections_open(app_token=workspace.tokens.app))["url"]
        connection = await http.ws_connect(address)
        opened.append(connection)
        assert (await connection.receive_json())["type"] == "hello"
        return BareSocket(connection)

    yield connect
    for connection in opened:
        await connection.close()


async def test_a_mention_in_a_channel_fires_two_events_and_a_direct_message_one(
    app: AsyncApp, connect: Connect, alice: AsyncWebClient
) -> None:
    heard: list[tuple[str, str | None, str]] = []

    @app.event("app_mention")
    async def mentioned(event: Json) -> None:
        heard.append((event["type"], event.get("channel_type"), event["text"]))

    @app.event("message")
    async def said(event: Json) -> None:
        heard.append((event["type"], event.get("channel_type"), event["text"]))

    async with connect(app):
        await alice.chat_postMessage(channel="general", text="<@UBOT> hello")
        await alice.chat_postMessage(channel="DALICE", text="<@UBOT> psst")
        await soon(lambda: len(heard) == 3)

    assert set(heard) == {
        ("app_mention", None, "<@UBOT> hello"),
        ("message", "channel", "<@UBOT> hello"),
        ("message", "im", "<@UBOT> psst"),
    }


async def test_the_envelope_of_an_event_looks_like_slacks(
    dial: Dial, alice: AsyncWebClient
) -> None:
    socket = await dial()
    await alice.chat_postMessage(channel="random", text="hello")

    envelope = await socket.next()

    payload = envelope["payload"]
    assert (envelope["type"], envelope["retry_attempt"]) == ("events_api", 0)
    assert envelope["accepts_response_payload"] is False
    assert (payload["type"], payload["is_ext_shared_channel"]) == ("event_callback", True)
    assert payload["authorizations"][0]["user_id"] == "UBOT"
    assert payload["event"]["channel"] == "CRANDOM"
    assert payload["event"]["ts"] == payload["event"]["event_ts"]


async def test_the_bots_own_words_edits_and_deletions_are_events_too(
    dial: Dial, bot: AsyncWebClient
) -> None:
    socket = await dial()
    ts = (await bot.chat_postMessage(channel="CGENERAL", text="<@UBOT> one"))["ts"]
    await bot.chat_update(channel="CGENERAL", ts=ts, text="two")
    await bot.chat_delete(channel="CGENERAL", ts=ts)

    events = []
    for _ in range(3):
        envelope = await socket.next()
        await socket.acknowledge(envelope)
        events.append(envelope["payload"]["event"])

    posted, changed, deleted = events
    assert (posted["type"], posted["bot_id"]) == ("message", "BBOT")
    assert changed["subtype"] == "message_changed"
    assert changed["message"]["text"] == "two"
    assert changed["previous_message"]["text"] == "<@UBOT> one"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)


async def test_what_is_said_while_no_bot_is_there_waits_for_one(
    dial: Dial, alice: AsyncWebClient
) -> None:
    await alice.chat_postMessage(channel="general", text="anybody there?")
    socket = await dial()
    assert (await socket.next())["payload"]["event"]["text"] == "anybody there?"


async def test_an_unacknowledged_event_comes_again_three_times_and_no_more(
    dial: Dial, alice: AsyncWebClient, workspace: Workspace
) -> None:
    workspace.envelopes.ack_timeout = 0.05
    workspace.envelopes.retry_seconds = (0.0, 0.01, 0.01)
    socket = await dial()
    await alice.chat_postMessage(channel="general", text="hello")

    envelopes = [await socket.next() for _ in range(4)]

    assert [e["retry_attempt"] for e in envelopes] == [0, 1, 2, 3]
    assert {e["retry_reason"] for e in envelopes[1:]} == {"timeout"}
    assert len({e["payload"]["event_id"] for e in envelopes}) == 1
    assert await socket.silence(0.2)


async def test_an_acknowledged_event_does_not_come_again(
    dial: Dial, alice: AsyncWebClient, workspace: Workspace
) -> None:
    workspace.envelopes.ack_timeout = 0.3
    socket = await dial()
    await alice.chat_postMessage(channel="general", text="hello")
    await socket.acknowledge(await socket.next())
    assert await socket.silence(0.5)


async def test_a_retry_goes_to_another_socket_if_there_is_one(
    dial: Dial, alice: AsyncWebClient, workspace: Workspace
) -> None:
    workspace.envelopes.ack_timeout = 0.1
    one, other = await dial(), await dial()
    await alice.chat_postMessage(channel="general", text="hello")

    both = {asyncio.create_task(socket.connection.receive_json()) for socket in (one, other)}
    done, waiting = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 1)
    retry = await asyncio.wait_for(waiting.pop(), 30)
    assert retry["retry_attempt"] == 1


async def test_events_are_shared_out_and_each_goes_to_one_socket_only(
    dial: Dial, alice: AsyncWebClient, workspace: Workspace
) -> None:
    sockets = [await dial(), await dial()]
    heard: list[str] = []

    async def listen(socket: BareSocket) -> None:
        async for message in socket.connection:
            envelope = message.json()
            await socket.acknowledge(envelope)
            heard.append(envelope["payload"]["event"]["text"])

    listeners = [asyncio.create_task(listen(socket)) for socket in sockets]
    for number in range(6):
        await alice.chat_postMessage(channel="general", text=str(number))
    # Once every envelope is delivered and the sockets are closed, nothing more can arrive.
    await soon(lambda: not workspace.database.envelopes())
    workspace.sockets.drop(abrupt=False)
    await asyncio.gather(*listeners)

    assert sorted(heard) == list("012345")


async def test_a_socket_that_closes_hands_its_unfinished_events_over(
    dial: Dial, alice: AsyncWebClient
) -> None:
    first = await dial()
    await alice.chat_postMessage(channel="general", text="hello")
    envelope = await first.next()
    await first.connection.close()

    second = await dial()
    again = await second.next()

    assert again["payload"]["event_id"] == envelope["payload"]["event_id"]
    assert again["retry_attempt"] >= 1


async def test_nonsense_from_a_bot_is_overlooked(dial: Dial, alice: AsyncWebClient) -> None:
    socket = await dial()
    for nonsense in ("", "{", "[]", '"x"', '{"envelope_id": 5}', "[" * 100_000):
        await socket.connection.send_str(nonsense)
    await alice.chat_postMessage(channel="general", text="hello")
    assert (await socket.next())["payload"]["event"]["text"] == "hello"
