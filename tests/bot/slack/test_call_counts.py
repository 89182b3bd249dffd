"""Calls and retries of the Web API in the broker's counters, counted by a real bot."""

import pytest
from redis import Redis

from bot.slack import call_counts
from bot.slack.call_counts import CallCounts
from tasks.broker.counters import add, counted
from tests.bot.conftest import Person, Serve, until


async def test_calls_and_retries_are_counted_by_method(
    serve: Serve, person: Person, redis: Redis
) -> None:
    await person.local("faults", {"errors": {"chat.postMessage": 0, "users.list": 1}})
    async with serve() as bot:
        await bot.client.users_list()
        await bot.client.chat_postMessage(channel="CGENERAL", text="hello")

    counts = counted(redis)
    assert counts["calls:users.list"] == 1
    assert counts["retries:users.list"] == 1
    assert counts["calls:chat.postMessage"] == 1
    assert counts["calls:auth.test"] == 1
    assert "retries:chat.postMessage" not in counts


async def test_what_is_counted_while_the_broker_is_away_is_added_later(redis: Redis) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0")
    counts = CallCounts()
    async with counts.kept(away):
        counts.add("calls", "chat.update")
    async with counts.kept(redis):
        counts.add("calls", "chat.update")

    assert counted(redis) == {"calls:chat.update": 2}
    away.close()


async def test_counting_goes_on_after_what_nobody_expected(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_counts, "KEEP_SECONDS", 0.01)
    failures = 3

    def fail_first(redis: Redis, counts: dict[str, int]) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise RuntimeError("can't start new thread")
        add(redis, counts)

    monkeypatch.setattr(call_counts, "add", fail_first)
    counts = CallCounts()
    async with counts.kept(redis):
        counts.add("calls", "chat.update")

        async def kept() -> bool:
            return counted(redis) == {"calls:chat.update": 1}

        await until(kept, "the count, which failed calls have not lost")
