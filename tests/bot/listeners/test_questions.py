"""Questions while the broker is away, delivered by a local workspace that repeats as Slack does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from slack_sdk.web.async_client import AsyncWebClient

from tasks.broker.jobs import Jobs
from tests.bot.conftest import Json, Person, Serve, job_of, until
from tests.bot.questions.test_follower import ANSWERED, ask

NOTICE = "The queue does not answer right now."

Outage = Callable[..., None]


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    """Let the next attempt to store a question fail, before it is stored or after."""
    create = Jobs.create
    failures: list[bool] = []

    def fail_once(*, stored: bool = False) -> None:
        failures.append(stored)

    def create_or_fail(jobs: Jobs, *arguments: Any, **options: Any) -> Any:
        if not failures:
            return create(jobs, *arguments, **options)
        if failures.pop():
            create(jobs, *arguments, **options)
            raise RedisTimeoutError
        raise RedisConnectionError

    monkeypatch.setattr(Jobs, "create", create_or_fail)
    yield fail_once
    assert not failures


@pytest.fixture
def seen(person: Person) -> list[tuple[str, Json]]:
    """What is posted and deleted from now on."""
    events: list[tuple[str, Json]] = []
    person.workspace.page_events.watch(lambda event: events.append((event.kind, event.data)))
    return events


def posted(seen: list[tuple[str, Json]], user: str = "UBOT") -> list[Json]:
    messages = [data["message"] for kind, data in seen if kind == "message"]
    return [message for message in messages if message["user"] == user]


async def notice_is_gone(seen: list[tuple[str, Json]]) -> None:
    async def look() -> bool:
        notices = {message["ts"] for message in posted(seen) if NOTICE in message["text"]}
        return bool(notices) and notices == {data["ts"] for kind, data in seen if kind == "deleted"}

    await until(look, "the end of the notice")


async def answer(jobs: Jobs, text: str, not_in: tuple[str, ...] = ()) -> str:
    """Answer the question that waits, and return its job."""
    job = await job_of(jobs, "answer", not_in=not_in)
    assert jobs.claim(job.id, "worker") == 1
    jobs.append(job.id, 1, "text", {"text": text})
    jobs.finish(job.id, 1, "finished", ANSWERED)
    return job.id


async def reply(person: Person, thread: str, text: str) -> None:
    """Reply as Alice in a thread."""
    alice = AsyncWebClient(person.workspace.tokens.of("UALICE"), base_url=person.workspace.api_url)
    await alice.chat_postMessage(channel="CGENERAL", thread_ts=thread, text=text)


async def test_a_reply_without_a_mention_is_delivered_again_and_answered(
    serve: Serve, person: Person, jobs: Jobs, outage: Outage, seen: list[tuple[str, Json]]
) -> None:
    async with serve():
        thread = await ask(person, "What is 1 + 1?")
        first = await answer(jobs, "2")
        await person.sees_reply(thread, "2")

        outage()
        await reply(person, thread, "And twice that?")
        await answer(jobs, "4", not_in=(first,))
        await person.sees_reply(thread, "4")
        await notice_is_gone(seen)

    texts = [message["text"] for message in await person.replies(thread)]
    assert texts == ["2", "And twice that?", "4"]


async def test_a_question_that_was_stored_and_answered_late_gets_one_answer_and_nothing_else(
    serve: Serve, person: Person, jobs: Jobs, outage: Outage, seen: list[tuple[str, Json]]
) -> None:
    async with serve():
        outage(stored=True)
        thread = await ask(person, "What is 1 + 1?")
        await answer(jobs, "2")
        await person.sees_reply(thread, "2")
        await notice_is_gone(seen)

    assert [message["text"] for message in await person.replies(thread)] == ["2"]


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_notice_of_a_bot_that_ended_is_found_by_the_next_and_not_posted_again(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    outage: Outage,
    seen: list[tuple[str, Json]],
    failures: int,
) -> None:
    for _ in range(failures):
        outage()
    async with serve("one"):
        thread = await ask(person, "What is 1 + 1?")
        await person.sees_reply(thread, NOTICE)
    async with serve("two"):
        await answer(jobs, "2")
        await person.sees_reply(thread, "2")
        await notice_is_gone(seen)

    assert len([message for message in posted(seen) if NOTICE in message["text"]]) == 1
    assert [message["text"] for message in await person.replies(thread)] == ["2"]


async def test_people_who_talk_among_themselves_hear_nothing_of_an_outage(
    serve: Serve, person: Person, jobs: Jobs, outage: Outage, seen: list[tuple[str, Json]]
) -> None:
    alice = AsyncWebClient(person.workspace.tokens.of("UALICE"), base_url=person.workspace.api_url)
    async with serve():
        thread = await alice.chat_postMessage(channel="CGENERAL", text="Lunch?")
        outage()
        await reply(person, thread["ts"], "At noon.")

        async def all_delivered() -> bool:
            return not person.workspace.database.envelopes()

        await until(all_delivered, "the acknowledgement of the repeat")

    assert posted(seen) == []
    assert jobs.all_states() == []
