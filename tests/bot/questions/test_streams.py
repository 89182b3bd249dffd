"""Answers in direct messages, which grow by native streams; the tests act as the workers."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import stream
from bot.questions.answer import STOP_ACTION
from bot.relay import growing_text
from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Json, Person, Serve, job_of, until

ANSWERED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}
DIRECT = "DALICE"


async def ask(person: Person, text: str, channel: str = DIRECT) -> str:
    """Ask as Alice, and return the thread."""
    token = person.workspace.tokens.of("UALICE")
    alice = AsyncWebClient(token, base_url=person.workspace.api_url)
    posted = await alice.chat_postMessage(channel=channel, text=f"<@UBOT> {text}")
    return str(posted["ts"])


async def begin(jobs: Jobs, text: str = "one") -> str:
    """Begin to answer the question that waits, and return its job."""
    job = await job_of(jobs, "answer")
    assert jobs.claim(job.id, "worker") == 1
    jobs.append(job.id, 1, "text", {"text": text})
    return job.id


def calls(person: Person) -> dict[str, int]:
    """Return how often each method was called that posts or changes."""
    shown = person.workspace.call_log.shown()
    return {name: calls["calls"] for name, calls in shown.items() if name.startswith("chat.")}


def without_ids(message: Json) -> Json:
    """Return what two answers have in common."""
    blocks = [
        {**block, "block_id": "", "elements": [{**e, "value": ""} for e in block["elements"]]}
        if block["type"] == "actions"
        else block
        for block in message["blocks"]
        if block["type"] != "context_actions"
    ]
    about = message["metadata"]["event_payload"] | {"job": ""}
    return {"text": message["text"], "blocks": blocks, "about": about}


async def test_an_answer_in_direct_messages_streams_and_ends_like_one_in_a_channel(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ends = []
        for channel in (DIRECT, "CGENERAL"):
            ts = await ask(person, "Count!", channel)
            job = await begin(jobs, "**one** <b> ")
            await person.sees_reply(ts, "one", channel)
            jobs.append(job, 1, "text", {"text": "two "})
            growing = await person.sees_reply(ts, "two", channel)
            assert growing.get("streaming_state") == ("in_progress" if channel == DIRECT else None)
            jobs.append(job, 1, "text", {"text": "three"})
            jobs.finish(job, 1, "finished", ANSWERED)
            await delivered(jobs)
            ends += await person.replies(ts, channel)

    natively, by_edits = map(without_ids, ends)
    assert natively == by_edits
    assert natively["text"] == "*one* &lt;b&gt; two three"
    streams = {name: count for name, count in calls(person).items() if "Stream" in name}
    assert streams == {"chat.startStream": 1, "chat.appendStream": 1, "chat.stopStream": 1}


@pytest.mark.parametrize(
    "fault",
    [
        {"refuse_streaming": True},
        {"rate_limit": {"chat.startStream": 1}},
        {"errors": {"chat.startStream": 1}},
        {"lose_response": {"chat.startStream": 1}},
        {"streaming_bytes": 12},
        {"expire_streaming": 0.001},
        {"rate_limit": {"chat.appendStream": 1}},
        {"errors": {"chat.appendStream": 1}},
        {"lose_response": {"chat.appendStream": 1}},
        {"errors": {"chat.stopStream": 1}},
        {"lose_response": {"chat.stopStream": 1}},
        {"lose_response": {"chat.update": 1}},
        "time",
        "bytes",
    ],
    ids=str,
)
async def test_a_stream_that_fails_goes_on_by_edits_in_one_message(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    fault: str | Mapping[str, Any],
) -> None:
    if fault == "time":
        monkeypatch.setattr(stream, "MAX_SECONDS", 0.0)
    elif fault == "bytes":
        monkeypatch.setattr(stream, "MAX_BYTES", 12)
    else:
        assert isinstance(fault, Mapping)
        person.workspace.faults.set(dict(fault))
    async with serve():
        ts = await ask(person, "Count!")
        job, shown = await begin(jobs), "one"
        for word in ("two", "three", "four"):
            # Text whose call failed is shown with the next.
            with suppress(TimeoutError):
                await asyncio.wait_for(person.sees_reply(ts, shown, DIRECT), 0.15)
            jobs.append(job, 1, "text", {"text": f" {word}"})
            shown = word
        jobs.finish(job, 1, "finished", ANSWERED)
        await delivered(jobs)

    (reply,) = await person.replies(ts, DIRECT)
    assert reply["text"] == "one two three four"
    assert reply["metadata"]["event_payload"]["state"] == "finished"
    assert reply.get("streaming_state") in (None, "completed")


async def test_a_stream_is_finished_by_the_next_bot(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await ask(person, "Count!")
        job = await begin(jobs)
        await person.sees_reply(ts, "one", DIRECT)
        # As where the broker has lost its last second, or the bot was killed before it wrote it.
        jobs.redis.hset(f"swallow:job:{job}", "posts", '{"posting": true}')
    async with serve():
        jobs.append(job, 1, "text", {"text": " two"})
        reply = await person.sees_reply(ts, "two", DIRECT)
        assert reply["streaming_state"] == "completed"
        jobs.finish(job, 1, "finished", ANSWERED)
        await delivered(jobs)

    assert [reply["text"] for reply in await person.replies(ts, DIRECT)] == ["one two"]


async def test_a_stream_without_new_text_is_stopped_before_slack_ends_it(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_SECONDS", 0.2)
    monkeypatch.setattr(growing_text, "STALLED_SECONDS", 0.05)
    async with serve():
        ts = await ask(person, "Count!")
        job = await begin(jobs)

        async def is_edited() -> bool:
            replies = await person.replies(ts, DIRECT)
            return any("edited" in reply for reply in replies)

        await until(is_edited, "the edit after the stop")
        jobs.finish(job, 1, "finished", ANSWERED)
        await delivered(jobs)

    assert [reply["text"] for reply in await person.replies(ts, DIRECT)] == ["one"]
    assert calls(person)["chat.update"] == 2


async def test_an_answer_that_begins_again_takes_its_text_back(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await ask(person, "Count!")
        job = await begin(jobs, "uno")
        await person.sees_reply(ts, "uno", DIRECT)
        jobs.redis.hset(f"swallow:job:{job}", mapping={"state": "queued", "attempt": "1"})
        assert jobs.claim(job, "worker") == 2
        jobs.append(job, 2, "text", {"text": "one"})
        reply = await person.sees_reply(ts, "one", DIRECT)
        assert "uno" not in reply["text"]
        jobs.finish(job, 2, "finished", ANSWERED)
        await delivered(jobs)

    assert [reply["text"] for reply in await person.replies(ts, DIRECT)] == ["one"]


async def test_a_stream_has_the_button_that_stops_the_answer(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await ask(person, "Count!")
        job = await begin(jobs)
        reply = await person.sees_reply(ts, "one", DIRECT)
        await person.press({**reply, "channel": DIRECT}, STOP_ACTION, user="UALICE")

        async def stopped() -> bool:
            return jobs.check_lease(job, 1) == "cancel"

        await until(stopped, "the wish to stop")
        jobs.finish(job, 1, "cancelled", ANSWERED)
        await delivered(jobs)

    (reply,) = await person.replies(ts, DIRECT)
    assert (reply["text"], reply["streaming_state"]) == ("one", "completed")


async def test_a_question_deleted_while_its_answer_streams_leaves_nothing(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await ask(person, "Count!")
        await begin(jobs)
        await person.sees_reply(ts, "one", DIRECT)
        await person.local("delete", {"channel": DIRECT, "user": "UALICE", "ts": ts})

        async def is_gone() -> bool:
            return not await person.replies(ts, DIRECT)

        await until(is_gone, "the end of the answer")


async def test_every_part_of_a_long_answer_streams_and_is_whole(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    text = "".join(f"{number} 番目の行です。\n" for number in range(600))
    async with serve():
        ts = await ask(person, "数えて！")
        job = await begin(jobs, text[:10])
        for at in range(10, len(text), 500):
            await asyncio.sleep(0.01)
            jobs.append(job, 1, "text", {"text": text[at : at + 500]})
        jobs.finish(job, 1, "finished", ANSWERED)
        await delivered(jobs)

    replies = await person.replies(ts, DIRECT)
    assert "".join(reply["text"] for reply in replies) == text
    assert [reply["metadata"]["event_payload"]["part"] for reply in replies] == [0, 1, 2]


async def test_without_room_for_a_stream_and_its_stop_an_answer_grows_by_edits(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve(rate_limits="on") as bot:
        for number in range(20):
            assert bot.stream_pace.begin(str(number))
        ts = await ask(person, "Count!")
        job = await begin(jobs)
        await person.sees_reply(ts, "one", DIRECT)
        jobs.finish(job, 1, "finished", ANSWERED)
        await delivered(jobs)

    assert [reply["text"] for reply in await person.replies(ts, DIRECT)] == ["one"]
    assert "chat.startStream" not in calls(person)
