"""Background work that fails: alone where one job depends on it, with the bot where all do."""

import asyncio
import logging
from collections.abc import Coroutine

import pytest
from redis import Redis

from bot import background
from bot.background import Background, essential, letting_work_end, repeating
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import RELAY, Claims
from tests.bot.conftest import Person, Serve, job_of, until
from tests.bot.questions.test_follower import ANSWERED, ask
from tests.patience import SECONDS


class Unexpected(Exception):
    """What nobody has thought of."""


async def fail() -> None:
    raise Unexpected


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_essential_work_that_fails_ends_what_depends_on_it() -> None:
    with pytest.raises(Unexpected):
        async with asyncio.timeout(SECONDS), essential(for_ever(), fail()):
            await for_ever()


async def test_essential_work_ends_with_its_context() -> None:
    before = asyncio.all_tasks()

    async with essential(for_ever()):
        await asyncio.sleep(0)

    assert asyncio.all_tasks() == before


async def test_what_has_begun_ends_before_the_bot_and_what_takes_too_long_is_cancelled() -> None:
    ended: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.01)
        ended.append("in time")

    before = asyncio.all_tasks()
    async with letting_work_end(0.1):
        # Begun by what runs in the context, as a listener does.
        slow = await asyncio.create_task(started(work(), for_ever()))

    assert ended == ["in time"]
    assert slow.cancelled()
    assert asyncio.all_tasks() == before


async def started(*work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
    """Start work in the background, and return the last of it."""
    background = Background()
    return [background.start(one) for one in work][-1]


async def test_work_that_repeats_goes_on_after_what_nobody_expected_and_logs_it_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []
    enough = asyncio.Event()

    async def turn() -> None:
        turns.append(len(turns))
        if len(turns) == 7:
            enough.set()
        if len(turns) < 7:
            raise (Unexpected if len(turns) % 2 else ValueError)

    before = asyncio.all_tasks()
    async with asyncio.timeout(SECONDS), repeating("looking", turn, pause=0):
        await enough.wait()

    assert asyncio.all_tasks() == before
    assert caplog.text.count("looking failed, and goes on") == 2, "once for each type"

    monkeypatch.setattr(background, "LOG_AGAIN_SECONDS", 0)
    caplog.clear()
    turns.clear()
    enough.clear()
    async with asyncio.timeout(SECONDS), repeating("looking", turn, pause=0):
        await enough.wait()

    assert caplog.text.count("looking failed, and goes on") == 6, "after a minute once more"


async def test_work_for_one_event_is_logged_when_it_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    task = Background().start(fail())

    with caplog.at_level(logging.ERROR), pytest.raises(Unexpected):
        await task
    await asyncio.sleep(0)  # its callbacks

    assert "a background task failed" in caplog.text


async def test_a_relay_that_fails_ends_the_bot(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim(claims: Claims) -> None:
        raise Unexpected

    monkeypatch.setattr(Claims, "claim_new", claim)
    limit = asyncio.timeout(SECONDS)
    with pytest.raises(Unexpected):
        async with limit, serve():
            await for_ever()
    assert not limit.expired()


async def test_a_reader_of_streams_that_fails_ends_the_bot(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object, **__: object) -> None:
        raise Unexpected

    monkeypatch.setattr(Redis, "xread", read)
    limit = asyncio.timeout(SECONDS)
    with pytest.raises(Unexpected):
        async with limit, serve():
            await for_ever()
    assert not limit.expired()


async def test_an_event_that_cannot_be_read_fails_its_own_job_only(
    serve: Serve, person: Person, jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve():
        await ask(person, "One?")
        broken = await job_of(jobs, "answer")
        jobs.redis.xadd(f"swallow:events:{broken.id}", {"nonsense": "1"})

        async def failed() -> bool:
            return f"job {broken.id}: following it failed" in caplog.text

        await until(failed, "the failed follower")
        ts = await ask(person, "Two?")
        job = await job_of(jobs, "answer", not_in=(broken.id,))
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "2"})
        jobs.finish(job.id, 1, "finished", ANSWERED)
        await person.sees_reply(ts, "2")

        async def only_one_is_claimed() -> bool:
            return jobs.redis.xlen(RELAY) == 1

        await until(only_one_is_claimed, "the claim of the broken job, kept for another relay")
