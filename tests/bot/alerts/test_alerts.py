"""Alerts in a real workspace: each told once, by whichever bot, also across a restart."""

import asyncio

import pytest
from redis import Redis

from bot.alerts import alerts, conditions
from bot.alerts.records import ALERTS
from bot.doctor import check
from tasks.broker import workers
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tests.bot.conftest import Json, Person, Serve, until
from tests.bot.trainings.test_follower import FINISHED, Trainer

CHANNEL = "CRANDOM"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(conditions, "NO_WORKER_SECONDS", 0.0)
    monkeypatch.setattr(workers, "ALIVE_MS", 1_000_000_000)  # nobody beats here
    monkeypatch.setattr(conditions, "LOW_DISK_BYTES", 0)
    monkeypatch.setattr(conditions, "ENOUGH_DISK_BYTES", 0)


async def told(person: Person) -> list[str]:
    """Return what was posted into the channel."""
    return [message["text"] for message in await person.messages(CHANNEL)]


async def looked(redis: Redis, times: int = 3) -> None:
    """Wait until a bot has looked for alerts some more times; each look reads the records."""

    def calls() -> int:
        statistics: Json = redis.info("commandstats")
        return int(statistics.get("cmdstat_hgetall", {}).get("calls", 0))

    wanted = calls() + 10 * times

    async def enough() -> bool:
        return calls() >= wanted

    await until(enough, "looks for alerts")


async def test_a_missing_worker_is_told_once_by_two_bots_and_after_a_restart_and_its_return_too(
    serve: Serve, person: Person, redis: Redis
) -> None:
    options = {"alert_channel": CHANNEL, "language": "ja"}
    async with serve("one", **options), serve("two", **options):
        await person.sees("ワーカーがありません", CHANNEL)
        await looked(redis)
    async with serve("one", **options):
        await looked(redis)
        assert len(await told(person)) == 1

        Workers(redis).announce(Worker("w", ("answers",), "ready"))
        await person.sees("ワーカーが戻り", CHANNEL)
        await looked(redis)
    assert len(await told(person)) == 2

    Workers(redis).leave("w")
    async with serve("two", **options):
        await until(lambda: _count(person, 3), "the second alert")
    assert "ワーカーがありません" in (await told(person))[-1]


async def _count(person: Person, number: int) -> bool:
    return len(await told(person)) >= number


async def test_an_alert_whose_confirmation_was_lost_is_not_posted_again(
    serve: Serve, person: Person, redis: Redis
) -> None:
    await person.local("faults", {"lose_response": {"chat.postMessage": 1}})
    async with serve(alert_channel=CHANNEL, language="en"):
        await person.sees("No worker is left", CHANNEL)
        await until(lambda: _is_open(redis), "the note that it was posted")
        await looked(redis)

    assert len(await told(person)) == 1


async def _is_open(redis: Redis) -> bool:
    return '"stage": "open"' in str(redis.hget(ALERTS, "worker"))


async def test_a_full_disk_is_told_and_its_room_once_more(
    serve: Serve, person: Person, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    Workers(redis).announce(Worker("w", ("answers",), "ready"))
    monkeypatch.setattr(conditions, "LOW_DISK_BYTES", 1 << 60)
    monkeypatch.setattr(conditions, "ENOUGH_DISK_BYTES", 1 << 61)
    async with serve(alert_channel=CHANNEL, language="en"):
        await person.sees("is nearly full", CHANNEL)
        monkeypatch.setattr(conditions, "LOW_DISK_BYTES", 0)
        await looked(redis)
        assert len(await told(person)) == 1

        monkeypatch.setattr(conditions, "ENOUGH_DISK_BYTES", 0)
        await person.sees("has room again", CHANNEL)
        await looked(redis)

    assert len(await told(person)) == 2


async def test_a_failed_training_is_told_and_the_next_that_finishes(
    serve: Serve, person: Person, jobs: Jobs, redis: Redis
) -> None:
    Workers(redis).announce(Worker("w", ("answers",), "ready"))
    async with serve(alert_channel=CHANNEL, language="en"):
        failed = Trainer(jobs)
        failed.ask()
        await failed.claim()
        failed.end("failed", {"reason": "training", "detail": "Out of memory."})
        await person.sees("has failed", CHANNEL)

        finished = Trainer(jobs, "t2")
        finished.ask()
        await finished.claim()
        finished.end("finished", FINISHED)
        await person.sees("has finished", CHANNEL)
        await looked(redis)

    assert len(await told(person)) == 2


async def test_without_a_channel_nothing_is_looked_for(
    serve: Serve, person: Person, redis: Redis
) -> None:
    async with serve():
        await asyncio.sleep(0)

    assert not redis.exists(ALERTS)
    assert not await told(person)


async def test_an_alert_is_told_although_a_look_before_it_failed_in_an_unexpected_way(
    serve: Serve, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, failures = conditions.Conditions.look, 3

    def fail_first(self: conditions.Conditions) -> list[conditions.Finding]:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise RuntimeError("can't start new thread")
        return look(self)

    monkeypatch.setattr(conditions.Conditions, "look", fail_first)
    async with serve(alert_channel=CHANNEL, language="en"):
        await person.sees("No worker is left", CHANNEL)


@pytest.mark.parametrize(("channel", "ok"), [(CHANNEL, True), ("CNOWHERE", False)])
async def test_the_doctor_says_whether_the_channel_can_be_reached(
    serve: Serve, channel: str, ok: bool
) -> None:
    async with serve(alert_channel=channel) as bot:
        rows = await check(bot.settings)

    (row,) = [row for row in rows if row["check"] == "SWALLOW_ALERT_CHANNEL"]
    assert row["ok"] is ok
    assert channel in row["detail"]
    assert bool(row["advice"]) is not ok
