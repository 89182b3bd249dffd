"""Injected faults, as the real Slack client and a real Bolt app meet them."""

from __future__ import annotations

import time

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, Json, Local, soon, texts


async def test_faults_are_set_one_by_one_and_cleared_the_same_way(local: Local) -> None:
    await local("faults", {"rate_limit": {"chat.update": 2}})
    both = await local("faults", {"late_events": 0.5})
    cleared = await local("faults", {"rate_limit": {}, "late_events": 0})

    assert (both["rate_limit"], both["late_events"]) == ({"chat.update": 2}, 0.5)
    assert (cleared["rate_limit"], cleared["late_events"]) == ({}, 0.0)
    assert await local("faults") == cleared


async def test_a_wrong_fault_changes_nothing(local: Local) -> None:
    await local("faults", {"duplicate_events": 3, "late_events": "soon"})
    assert (await local("faults"))["duplicate_events"] == 0


async def test_a_rate_limit_says_when_to_come_back_and_then_lets_in(
    local: Local, workspace: Workspace, bot: AsyncWebClient
) -> None:
    await local("faults", {"rate_limit": {"chat.postMessage": 1}})
    with pytest.raises(SlackApiError) as caught:
        await bot.chat_postMessage(channel="CGENERAL", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert (await bot.chat_postMessage(channel="CGENERAL", text="x"))["ok"]


async def test_the_real_clients_retry_handler_gets_over_a_rate_limit(
    local: Local, workspace: Workspace
) -> None:
    await local("faults", {"rate_limit": {"*": 1}})
    patient = AsyncWebClient(
        workspace.tokens.bot,
        base_url=workspace.api_url,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)],
    )
    started = time.monotonic()
    assert (await patient.auth_test())["ok"]
    assert time.monotonic() - started >= 1


async def test_a_server_error_is_a_server_error(local: Local, bot: AsyncWebClient) -> None:
    await local("faults", {"errors": {"*": 1}})
    with pytest.raises(SlackApiError) as caught:
        await bot.auth_test()
    assert caught.value.response.status_code == 500
    assert (await bot.auth_test())["ok"]


async def test_a_lost_response_has_taken_effect(
    local: Local, workspace: Workspace, bot: AsyncWebClient
) -> None:
    await local("faults", {"lose_response": {"chat.postMessage": 1}})
    hasty = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url, retry_handlers=[])
    with pytest.raises(aiohttp.ClientError):
        await hasty.chat_postMessage(channel="CGENERAL", text="once")
    assert len((await bot.conversations_history(channel="CGENERAL"))["messages"]) == 1


async def test_a_client_that_retries_a_lost_response_says_it_twice(
    local: Local, workspace: Workspace, bot: AsyncWebClient
) -> None:
    await local("faults", {"lose_response": {"chat.postMessage": 1}})
    eager = AsyncWebClient(
        workspace.tokens.bot,
        base_url=workspace.api_url,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(
                max_retry_count=1, interval_calculator=FixedValueRetryIntervalCalculator(0.01)
            )
        ],
    )
    await eager.chat_postMessage(channel="CGENERAL", text="twice")
    assert len((await bot.conversations_history(channel="CGENERAL"))["messages"]) == 2


async def test_a_duplicate_event_has_the_same_id_and_calls_itself_a_retry(
    app: AsyncApp, connect: Connect, local: Local, alice: AsyncWebClient
) -> None:
    seen: list[tuple[str, list[str] | None]] = []

    @app.event("message")
    async def said(body: Json, request: Json) -> None:
        retry = request.headers.get("x-slack-retry-num")  # type: ignore[attr-defined]
        seen.append((body["event_id"], retry))

    await local("faults", {"duplicate_events": 1})
    async with connect(app):
        await alice.chat_postMessage(channel="general", text="one")
        await alice.chat_postMessage(channel="general", text="two")
        await soon(lambda: len(seen) == 3)

    assert len({event_id for event_id, _ in seen}) == 2
    assert sorted(retry[0] for _, retry in seen if retry and retry != ["0"]) == ["1"]


async def test_late_events_come_late(
    app: AsyncApp, connect: Connect, local: Local, alice: AsyncWebClient
) -> None:
    seen: list[float] = []

    @app.event("message")
    async def said(event: Json) -> None:
        seen.append(time.time() - float(event["ts"]))

    await local("faults", {"late_events": 0.5})
    async with connect(app):
        await alice.chat_postMessage(channel="general", text="late")
        assert not seen
        await soon(lambda: seen)
    assert seen[0] >= 0.5


async def test_dropping_the_sockets_is_done_once(
    app: AsyncApp, connect: Connect, local: Local, workspace: Workspace
) -> None:
    async with connect(app):
        await soon(lambda: workspace.sockets.connected)
        answer = await local("faults", {"drop_sockets": True})
        assert answer["drop_sockets"] is False
        assert not workspace.sockets.connected
        await soon(lambda: workspace.sockets.connected)


async def test_an_archived_channel_can_be_read_and_that_is_all(
    bot: AsyncWebClient, local: Local
) -> None:
    ts = (await bot.chat_postMessage(channel="CRANDOM", text="before"))["ts"]
    await local("faults", {"archived": ["CRANDOM"]})

    with pytest.raises(SlackApiError, match="is_archived"):
        await bot.chat_postMessage(channel="CRANDOM", text="after")
    with pytest.raises(SlackApiError, match="is_inactive"):
        await bot.chat_update(channel="CRANDOM", ts=ts, text="edited")
    with pytest.raises(SlackApiError, match="is_archived"):
        await bot.chat_postEphemeral(channel="CRANDOM", user="UALICE", text="psst")
    with pytest.raises(SlackApiError, match="is_archived"):
        await bot.files_upload_v2(channel="CRANDOM", content="x", filename="x.txt")
    assert await texts(bot, "CRANDOM") == ["before"]

    assert (await local("faults", {"archived": "CRANDOM"}))["status"] == 400
    await local("faults", {"archived": []})
    await bot.chat_postMessage(channel="CRANDOM", text="after")
