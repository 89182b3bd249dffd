"""Calls keep to the rates that Slack publishes, and text does not wait behind edits."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.pace import call_pace
from bot.pace.call_pace import CallPace
from bot.pace.edit_pace import EditPace
from bot.pace.rate_limits import RATE_LIMITS, RateLimit
from bot.workspace.workspace import Workspace
from tests.bot.conftest import Person, Serve

EDITS = {"chat.update": (RateLimit(4, 0.5),), "chat.postMessage": (RateLimit(1, 0.1, True),)}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_pace, "LOOK_AGAIN_SECONDS", 0.01)


async def _seconds(call: Callable[[], Awaitable[None]]) -> float:
    begun = time.monotonic()
    await call()
    return time.monotonic() - begun


async def test_a_call_waits_for_room_in_its_method_and_channel_only() -> None:
    pace = CallPace(EDITS)
    order: list[int] = []

    async def call(number: int) -> None:
        await pace.wait_for_turn("chat.update", str(number))
        order.append(number)

    begun = time.monotonic()
    await asyncio.gather(*(call(number) for number in range(9)))
    assert order == list(range(9))
    assert time.monotonic() - begun >= 1.0

    assert await _seconds(lambda: pace.wait_for_turn("chat.postMessage", "C1")) < 0.1
    assert await _seconds(lambda: pace.wait_for_turn("chat.postMessage", "C2")) < 0.1
    assert await _seconds(lambda: pace.wait_for_turn("chat.postMessage", "C1")) >= 0.05
    assert await _seconds(lambda: pace.wait_for_turn("auth.test")) < 0.1


async def test_what_slack_refuses_holds_the_calls_that_have_not_been_made() -> None:
    pace = CallPace(EDITS)
    pace.hold("chat.update", 0.3)
    assert await _seconds(lambda: pace.wait_for_turn("chat.update")) >= 0.29


async def test_edits_leave_one_for_the_end_of_each_begun_answer() -> None:
    calls = CallPace(EDITS)
    pace = EditPace(0, calls)
    for job in ("one", "two", "three"):
        await pace.wait_to_begin(job, job)
    await pace.wait_for_turn()
    await calls.wait_for_turn("chat.update")
    waiting = asyncio.create_task(pace.wait_for_turn())
    fourth = asyncio.create_task(pace.wait_to_begin("four", "C4"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    assert not fourth.done()
    for job in ("one", "two", "three"):
        assert await _seconds(lambda: calls.wait_for_turn("chat.update")) < 0.1
        pace.end(job)
    await asyncio.wait_for(asyncio.gather(waiting, fourth), 5)


async def test_the_workspace_enforces_the_rates_it_counts(
    serve: Serve, person: Person, workspace: Workspace
) -> None:
    await person.local("calls", {"limited": True})
    assert (await person.local("calls", {"limited": 1}))["ok"] is False
    hasty = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)
    for number in range(3):
        await hasty.chat_postMessage(channel="CGENERAL", text=str(number))
    with pytest.raises(SlackApiError) as refused:
        await hasty.chat_postMessage(channel="CGENERAL", text="3")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "3"
    await hasty.chat_postMessage(channel="CRANDOM", text="elsewhere")
    ts = (await hasty.chat_postMessage(channel="DALICE", text="edited"))["ts"]
    for number in range(RATE_LIMITS["chat.update"][0].calls):
        await hasty.chat_update(channel="DALICE", ts=ts, text=str(number))
    with pytest.raises(SlackApiError, match="ratelimited"):
        await hasty.chat_update(channel="DALICE", ts=ts, text="too many")
    counted = workspace.call_log.shown()
    assert counted["chat.postMessage"]["calls"] == 5
    assert counted["chat.postMessage"]["refused"] == 1
    assert counted["chat.update"]["most_in_a_minute"] == 50
    assert counted["chat.update"]["refused"] == 1
