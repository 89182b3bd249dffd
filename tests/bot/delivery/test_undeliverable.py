"""What becomes of a job whose follower fails again and again."""

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Away

from bot.app import FOLLOWERS
from bot.questions.follower import QuestionFollower
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import MAX_DELIVERIES
from tests.bot.claims import claims, delivered, give_claims
from tests.bot.conftest import Person, Serve, job_of, until
from tests.bot.questions.test_follower import ANSWERED, ask

SHOWN = "could not be shown here"


class Broken(QuestionFollower):
    """Fails before it has shown anything."""

    async def run(self) -> None:
        raise RuntimeError("broken")


class BrokenAtTheEnd(QuestionFollower):
    """Fails when it has shown everything."""

    async def run(self) -> None:
        await super().run()
        raise RuntimeError("broken")


async def claimed(redis: Redis) -> None:
    async def look() -> bool:
        return bool(claims(redis))

    await until(look, "a claim")


async def finished(jobs: Jobs) -> Job:
    """Act as the worker."""
    job = await job_of(jobs, "answer")
    assert jobs.claim(job.id, "worker") == 1
    jobs.append(job.id, 1, "text", {"text": "2"})
    jobs.finish(job.id, 1, "finished", ANSWERED)
    return job


async def test_the_person_is_told_at_last(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FOLLOWERS, "answer", Broken)
    async with serve("first"):
        ts = await ask(person, "What is 1 + 1?")
        await claimed(jobs.redis)
    give_claims(jobs.redis, "second", MAX_DELIVERIES)
    async with serve("second"):
        await delivered(jobs)

    (reply,) = await person.replies(ts)
    assert SHOWN in reply["text"]
    assert [job.state for job in jobs.all_states()] == ["failed"]


async def test_an_answer_that_is_there_and_cannot_be_shown_is_no_silence(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve("first"):
        ts = await ask(person, "What is 1 + 1?")
        await job_of(jobs, "answer")
    await finished(jobs)
    monkeypatch.setitem(FOLLOWERS, "answer", Broken)
    give_claims(jobs.redis, "second", MAX_DELIVERIES)
    async with serve("second"):
        await delivered(jobs)

    (reply,) = await person.replies(ts)
    assert SHOWN in reply["text"]
    assert [job.state for job in jobs.all_states()] == ["finished"]


async def test_what_a_worker_has_is_not_given_up(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve("first"):
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
    assert jobs.claim(job.id, "worker") == 1
    give_claims(jobs.redis, "second", MAX_DELIVERIES)
    async with serve("second"):
        jobs.append(job.id, 1, "text", {"text": "2"})
        await person.sees_reply(ts, "2")
        jobs.finish(job.id, 1, "finished", ANSWERED)
        await delivered(jobs)

    (reply,) = await person.replies(ts)
    assert reply["text"].startswith("2")


async def test_a_final_message_that_is_there_stays(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FOLLOWERS, "answer", BrokenAtTheEnd)
    async with serve("first"):
        ts = await ask(person, "What is 1 + 1?")
        await finished(jobs)

        async def ended() -> bool:
            shown = [reply["metadata"]["event_payload"] for reply in await person.replies(ts)]
            return [payload["state"] for payload in shown] == ["finished"]

        await until(ended, "the final message")
    give_claims(jobs.redis, "second", MAX_DELIVERIES)
    async with serve("second"):
        await delivered(jobs)

    (reply,) = await person.replies(ts)
    assert reply["text"].startswith("2")


async def test_a_broker_that_was_away_is_no_failed_delivery(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliveries: list[int] = []

    class OnceAway(QuestionFollower):
        async def run(self) -> None:
            deliveries.append(claims(jobs.redis)[0]["times_delivered"])
            if len(deliveries) == 1:
                raise Away("gone")
            await super().run()

    monkeypatch.setitem(FOLLOWERS, "answer", OnceAway)
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        await finished(jobs)
        await person.sees_reply(ts, "2")

    assert deliveries == [1, 1]
