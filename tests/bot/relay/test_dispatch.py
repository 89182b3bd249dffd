"""When a waiting question is given up for want of a worker; against a real Valkey."""

import pytest
from redis import Redis

from bot.relay.dispatch import HOPELESS_SECONDS, Outlook
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers, WorkerState


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("bot.relay.dispatch.time", clock)
    return clock


@pytest.fixture
def job(jobs: Jobs) -> Job:
    jobs.create("a", "answer", destination={}, asked={"text": ""})
    jobs.enqueue("a", {"instruction": "hi"})
    return job_now(jobs)


def job_now(jobs: Jobs) -> Job:
    job = jobs.get("a")
    assert job is not None
    return job


def announce(redis: Redis, name: str, state: WorkerState) -> None:
    reason = "model_missing" if state == "failed" else ""
    Workers(redis).announce(Worker(name, ("answers", "plans"), state, reason=reason))


def test_a_broken_host_does_not_end_questions_while_the_good_one_starts_again(
    jobs: Jobs, redis: Redis, job: Job, clock: Clock
) -> None:
    outlook = Outlook(jobs, job)
    announce(redis, "broken", "failed")
    announce(redis, "good", "ready")
    outlook.look()
    Workers(redis).leave("good")
    clock.now += HOPELESS_SECONDS - 1
    outlook.look()
    announce(redis, "good", "loading")
    clock.now += 600
    outlook.look()
    assert job_now(jobs).state == "queued", "it loads; nobody knows yet"

    announce(redis, "good", "ready")
    outlook.look()
    Workers(redis).leave("good")
    clock.now += HOPELESS_SECONDS - 1
    outlook.look()

    assert job_now(jobs).state == "queued"


def test_a_lasting_failure_of_every_worker_ends_what_waits_even_while_they_try_again(
    jobs: Jobs, redis: Redis, job: Job, clock: Clock
) -> None:
    outlook = Outlook(jobs, job)
    announce(redis, "broken", "failed")
    outlook.look()
    announce(redis, "broken", "loading")
    clock.now += HOPELESS_SECONDS - 1
    outlook.look()
    assert job_now(jobs).state == "queued"

    announce(redis, "broken", "failed")
    clock.now += 1
    outlook.look()

    assert jobs.events("a")[-1].data == {"reason": "model_missing"}


def test_without_any_worker_on_record_a_question_waits(jobs: Jobs, job: Job, clock: Clock) -> None:
    outlook = Outlook(jobs, job)
    clock.now += 86_400

    outlook.look()

    assert job_now(jobs).state == "queued"
