"""How long a question waits is told from how long answers take."""

from functools import partial

import pytest

from bot.questions import thread_status
from bot.questions.wait import rounded, seconds_until_begun
from tasks.broker.job import JobState, State
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tests.bot.conftest import Person, Serve, job_of, until
from tests.bot.questions.test_follower import ask

NOW = 1000.0


def job(state: State, *, since: float = 0.0) -> JobState:
    started = int((NOW - since) * 1000)
    texts = {"id": "j", "kind": "answer", "worker": "w", "adapter": "", "model": ""}
    numbers = dict.fromkeys(("attempt", "lost", "created", "ended", "begun"), 0)
    flags = {"suspect": False, "alone": False}
    return JobState(**{**texts, **numbers, **flags, "state": state, "started": started})  # type: ignore[arg-type]


def worker(parallel: int = 1, seconds: float | None = 20.0) -> Worker:
    return Worker("w", ("answers",), "ready", parallel=parallel, answer_seconds=seconds)


@pytest.mark.parametrize(
    ("ahead", "workers", "seconds"),
    [
        ([job("running", since=5)], [worker()], 15.0),
        ([job("running", since=5), job("queued")], [worker()], 35.0),
        ([job("running", since=90)], [worker()], 22.5),
        ([job("running", since=5), job("running", since=10)], [worker(2)], 10.0),
        ([job("running", since=5), job("running", since=10)], [worker(), worker(1, 40.0)], 20.0),
        ([job("running", since=5)], [worker(2)], None),
        ([job("running", since=5)], [worker(seconds=None)], None),
        ([job("queued"), job("queued")], [worker(2)], 20.0),
        ([], [worker()], None),
    ],
)
def test_the_wait_is_counted_from_what_runs_and_waits(
    ahead: list[JobState], workers: list[Worker], seconds: float | None
) -> None:
    assert seconds_until_begun(ahead, workers, NOW) == seconds


def test_a_wait_is_told_in_round_numbers() -> None:
    waits = (0.2, 5.1, 58, 61, 179, 181, 3000)
    assert [rounded(wait) for wait in waits] == [5, 10, 60, 70, 180, 240, 3000]


async def test_who_waits_is_told_how_long_and_that_is_kept_fresh(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_status, "STATUS_POLL_SECONDS", 0.05)
    Workers(jobs.redis).announce(worker(seconds=3000.0))
    async with serve():
        await ask(person, "First?")
        first = await job_of(jobs, "answer")
        assert jobs.claim(first.id, "w") == 1
        await ask(person, "Second?")

        async def says(words: str) -> bool:
            return any(words in status["status"] for status in person.workspace.statuses.shown())

        await until(partial(says, "1 before you, about 50 min"), "the wait")
        key, earlier = f"swallow:job:{first.id}", 1_000_000
        jobs.redis.hset(key, "started", jobs.states([first.id])[0].started - earlier)
        await until(partial(says, "1 before you, about 34 min"), "the shorter wait")
