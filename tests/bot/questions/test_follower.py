"""Questions from the mention to the final message; the tests act as the workers."""

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import pytest
from redis import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import retry
from bot.questions import thread_status
from bot.questions.answer import STOP_ACTION
from bot.relay import dispatch, growing_text
from bot.workspace.state.channels import channel_named
from tasks.broker.counters import counted
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import GROUP, RELAY, no_access
from tests.bot.claims import claims, delivered, give_claims
from tests.bot.conftest import Person, Serve, job_of, until
from tests.drills.link import Link

ANSWERED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}


async def ask(person: Person, text: str) -> str:
    """Ask as Alice, and return the thread."""
    token = person.workspace.tokens.of("UALICE")
    alice = AsyncWebClient(token, base_url=person.workspace.api_url)
    posted = await alice.chat_postMessage(channel="CGENERAL", text=f"<@UBOT> {text}")
    return str(posted["ts"])


async def is_followed(redis: Redis, name: str) -> bool:
    """Tell whether the relay `name` has read its claims since it has them."""
    (row,) = claims(redis)
    assert row["consumer"] == name
    return int(row["times_delivered"]) > 2


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.ERROR):
        yield caplog


async def test_an_answer_is_kept_while_slack_refuses_the_bot(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    errors: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.05,))
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        person.workspace.faults.set({"revoked": True})
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "2"})
        jobs.finish(job.id, 1, "finished", ANSWERED)

        async def refused() -> str:
            return no_access(jobs.redis)

        assert await until(refused, "why Slack refuses") == "token_revoked"
        person.workspace.faults.set({"revoked": False})
        await person.sees_reply(ts, "2")

    assert "is kept until the app is installed again" in errors.text


async def test_a_final_message_does_not_wait_for_the_pace_of_edits(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    shown: list[str] = []

    def notice(event: Any) -> None:
        if event.kind == "changed":
            shown.append(event.data["message"]["text"])

    person.workspace.page_events.watch(notice)
    # One edit may be made, and the next an hour later.
    async with serve(edit_seconds="3600") as bot:
        ts = await ask(person, "Count!")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "1"})
        await person.sees_reply(ts, "1")
        await bot.edit_pace.wait_for_turn()
        jobs.append(job.id, 1, "text", {"text": " 2"})
        # Slack's own limit is waited out all the same.
        person.workspace.faults.set({"rate_limit": {"chat.update": 1}})
        jobs.finish(job.id, 1, "cancelled", ANSWERED)
        await person.sees_reply(ts, "1 2")

    assert shown == ["1 2"]
    assert not person.workspace.faults.shown()["rate_limit"]


async def test_two_bots_of_which_one_lost_its_claim_answer_once(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    """As after a broker that was away, or a host that slept: nobody has told the first bot yet."""
    async with serve("first"):
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        give_claims(jobs.redis, "second")
        async with serve("second"):
            await until(partial(is_followed, jobs.redis, "second"), "the second bot's follower")
            assert jobs.claim(job.id, "worker") == 1
            jobs.append(job.id, 1, "text", {"text": "2"})
            jobs.finish(job.id, 1, "finished", ANSWERED)

            await delivered(jobs)
        replies = await person.replies(ts)

    assert [reply["text"] for reply in replies] == ["2"]


async def test_a_post_that_comes_behind_the_answer_of_another_bot_is_taken_back(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a host that slept between two steps."""
    sent, may_arrive = asyncio.Event(), asyncio.Event()
    async with serve("first") as bot:
        post = bot.client.chat_postMessage

        async def late(**message: Any) -> Any:
            sent.set()
            await may_arrive.wait()
            return await post(**message)

        monkeypatch.setattr(bot.client, "chat_postMessage", late)
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "tw"})
        await sent.wait()
        give_claims(jobs.redis, "second")
        async with serve("second"):
            jobs.append(job.id, 1, "text", {"text": "o"})
            jobs.finish(job.id, 1, "finished", ANSWERED)
            await delivered(jobs)
        may_arrive.set()

        async def once() -> bool:
            seen.append([reply["text"] for reply in await person.replies(ts)])
            return ["two", "tw"] in seen and seen[-1] == ["two"]

        seen: list[list[str]] = []
        await until(once, "one answer")


async def test_an_edit_behind_the_final_one_of_another_bot_is_corrected(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    valkey: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As where one host was cut off, or slept, with an edit that waited for its turn."""
    link = Link(valkey, seed=1, share=0, delay_seconds=0)
    link.start()
    waits, may_edit = asyncio.Event(), asyncio.Event()

    async def wait_for_turn() -> None:
        waits.set()
        await may_edit.wait()

    monkeypatch.setenv("SWALLOW_REDIS_URL", link.url)
    async with serve("first") as bot:
        monkeypatch.setattr(bot.edit_pace, "wait_for_turn", wait_for_turn)
        monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
        ts = await ask(person, "Count!")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "1"})
        await person.sees_reply(ts, "1")
        jobs.append(job.id, 1, "text", {"text": " 2"})
        await waits.wait()
        link.cut(True)
        give_claims(jobs.redis, "second")
        async with serve("second"):
            jobs.append(job.id, 1, "text", {"text": " 3"})
            jobs.finish(job.id, 1, "finished", ANSWERED)
            await delivered(jobs)
        assert [reply["text"] for reply in await person.replies(ts)] == ["1 2 3"]
        may_edit.set()

        async def is_overwritten() -> bool:
            return [reply["text"] for reply in await person.replies(ts)] == ["1 2"]

        await until(is_overwritten, "the late edit")

        async def has_stopped() -> bool:
            return f"job {job.id}: the broker is away" in caplog.text

        await until(has_stopped, "that the first bot follows the job no more")
        link.cut(False)
        await person.sees_reply(ts, "1 2 3")
    link.stop()

    assert [reply["text"] for reply in await person.replies(ts)] == ["1 2 3"]


async def answer(jobs: Jobs) -> None:
    """Answer the question that waits."""
    job = await job_of(jobs, "answer")
    assert jobs.claim(job.id, "worker") == 1
    jobs.append(job.id, 1, "text", {"text": "two"})
    jobs.finish(job.id, 1, "finished", ANSWERED)


@pytest.mark.parametrize("gone", ["channel", "thread"])
async def test_an_answer_whose_place_is_gone_goes_whole_to_its_asker_once(
    serve: Serve, person: Person, jobs: Jobs, gone: str
) -> None:
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        await job_of(jobs, "answer")
        if gone == "channel":
            person.workspace.faults.set({"archived": ["CGENERAL"]})
        else:
            channel = channel_named("CGENERAL")
            # Without an event: a question that its asker deletes is withdrawn.
            person.workspace.conversations.remove(channel, ts)
        # The direct message arrives, and its confirmation does not.
        person.workspace.faults.set({"lose_response": {"chat.postMessage": 2}})
        await answer(jobs)
        await delivered(jobs)

    (message,) = await person.messages("DALICE")
    notice, text = message["text"].split("\n")
    assert (
        notice == "This was asked in <#CGENERAL>, where I cannot post any more, so it comes here."
    )
    assert text == "two"


async def test_an_answer_goes_on_in_the_direct_message_after_a_restart(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "two"})
        await person.sees("<@UBOT> What is 1 + 1?")
        person.workspace.faults.set({"archived": ["CGENERAL"]})
        jobs.append(job.id, 1, "text", {"text": ", I"})
        await person.sees("two, I", "DALICE")
    async with serve():
        jobs.append(job.id, 1, "text", {"text": " think"})
        jobs.finish(job.id, 1, "finished", ANSWERED)
        await delivered(jobs)

    (message,) = await person.messages("DALICE")
    assert message["text"].endswith("\ntwo, I think")


async def test_an_answer_that_slack_takes_nowhere_is_logged_and_counted(
    serve: Serve, person: Person, jobs: Jobs, errors: pytest.LogCaptureFixture
) -> None:
    async with serve():
        await ask(person, "What is 1 + 1?")
        await job_of(jobs, "answer")
        person.workspace.faults.set({"archived": ["CGENERAL", "DALICE"]})
        await answer(jobs)
        await delivered(jobs)

    assert "Slack takes its message nowhere" in errors.text
    assert counted(jobs.redis)["undelivered:answer"] == 1


async def test_the_status_says_for_how_long_a_model_has_been_thinking(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_status, "STATUS_POLL_SECONDS", 0.05)
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        begun = jobs.states([job.id])[0].started
        jobs.redis.hset(f"swallow:job:{job.id}", "started", begun - 3_600_000)

        async def counts() -> bool:
            shown = [status["status"] for status in person.workspace.statuses.shown()]
            return any(text.startswith("is thinking… 36") for text in shown)

        await until(counts, "an hour of thinking")
        jobs.append(job.id, 1, "text", {"text": "2"})
        jobs.finish(job.id, 1, "finished", ANSWERED)
        await person.sees_reply(ts, "2")
        assert not person.workspace.statuses.shown()


async def test_a_thought_shows_its_seconds_with_a_button_that_stops_it(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_text, "THINKING_SECONDS", 0.05)
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "thinking", {})
        await person.sees_reply(ts, "Thinking… 0 s")
        message = await person.sees_reply(ts, "Thinking… 1 s")
        button = {**message, "channel": "CGENERAL"}
        await person.press(button, STOP_ACTION, user="UALICE")

        async def stopped() -> bool:
            return jobs.check_lease(job.id, 1) == "cancel"

        await until(stopped, "the wish to stop")
        jobs.finish(job.id, 1, "cancelled", ANSWERED | {"thought_tokens": 1})
        await person.sees_reply(ts, "Stopped.")

        assert len(await person.replies(ts)) == 1


async def test_the_answer_takes_the_place_of_the_thought_also_for_the_next_relay(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await ask(person, "think=500 What is 1 + 1?")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "thinking", {})
        await person.sees_reply(ts, "Thinking…")
    async with serve():
        jobs.append(job.id, 1, "text", {"text": "2"})
        jobs.finish(job.id, 1, "finished", ANSWERED)
        await delivered(jobs)

    assert [reply["text"] for reply in await person.replies(ts)] == ["2"]
    assert job.request["thinking"] == 500
    assert job.request["instruction"] == "What is 1 + 1?"


@pytest.mark.parametrize("word", ["maybe", "0", "-1", "５００．５", "99999", "1e3", ""])
async def test_what_think_cannot_be_is_one_sentence_and_no_worker_gets_it(
    serve: Serve, person: Person, jobs: Jobs, word: str
) -> None:
    async with serve():
        ts = await ask(person, f"think={word}\nWhat is 1 + 1?")

        reply = await person.sees_reply(ts, f"“think={word}” cannot be read.")

        assert "`off`, `on` or a number of tokens to think (1 to 32768" in reply["text"]
        assert not jobs.open("answer")


@pytest.mark.parametrize("lost", ["posts", "posts, claim and follower"])
async def test_an_answer_that_the_broker_has_forgotten_is_not_posted_again(
    serve: Serve, person: Person, jobs: Jobs, valkey: str, lost: str
) -> None:
    """As after a broker that lost its last second, in which the answer was posted."""
    with Redis.from_url(valkey) as raw:
        async with serve("bot"):
            ts = await ask(person, "What is 1 + 1?")
            job = await job_of(jobs, "answer")

            async def followed() -> bool:
                return bool(jobs.redis.hexists(f"swallow:job:{job.id}", "follower"))

            await until(followed, "a follower")
            before = {key: raw.dump(key) for key in cast(Any, raw.keys())}
            await answer(jobs)
            await delivered(jobs)
        raw.flushall()
        for key, value in before.items():
            raw.restore(key, 0, cast(Any, value))
    if lost != "posts":
        jobs.redis.hdel(f"swallow:job:{job.id}", "follower")
        # A broker takes some time to start.
        jobs.redis.hincrby(f"swallow:job:{job.id}", "created", -10_000)
        jobs.redis.xgroup_destroy(RELAY, GROUP)
    async with serve("bot"):
        await answer(jobs)
        await delivered(jobs)

    assert [reply["text"] for reply in await person.replies(ts)] == ["two"]


async def test_a_question_is_handed_over_again_where_the_broker_has_forgotten_it(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "WORKER_POLL_SECONDS", 0.05)
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        jobs.redis.hset(f"swallow:job:{job.id}", "state", "new")
        jobs.redis.hdel(f"swallow:job:{job.id}", "request")
        await answer(jobs)
        await delivered(jobs)

    assert [reply["text"] for reply in await person.replies(ts)] == ["two"]


async def test_of_an_answer_that_is_there_twice_one_stays(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    """As where a post was under way for longer than another bot looked for it."""
    async with serve():
        ts = await ask(person, "What is 1 + 1?")
        job = await job_of(jobs, "answer")
        await answer(jobs)
        await delivered(jobs)
        [first] = await person.replies(ts)
        late = {"text": "t", "metadata": first["metadata"]}
        await person.client.chat_postMessage(channel="CGENERAL", thread_ts=ts, **late)
        jobs.redis.xadd(RELAY, {"job": job.id})  # as where the end of its claim is forgotten
        await delivered(jobs)

    assert [(reply["ts"], reply["text"]) for reply in await person.replies(ts)] == [
        (first["ts"], "two")
    ]
