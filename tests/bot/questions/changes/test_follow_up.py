"""Continue and Again under an answer, pressed at a real local workspace."""

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from bot.questions.changes.follow_up import ask_on, follow_up_id
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Json, Person, Serve, job_of
from tests.bot.questions.test_follower import ask

ABOUT = {"model": "m", "tokens": 3, "seconds": 1.0}
CUT = {**ABOUT, "finish": "length", "ids": [1, 2, 3]}
WHOLE = {**ABOUT, "finish": "stop"}


async def answer(jobs: Jobs, text: str, final: Json) -> Job:
    """Answer the question that waits."""
    job = await job_of(jobs, "answer")
    attempt = jobs.claim(job.id, "worker")
    assert attempt
    jobs.append(job.id, attempt, "text", {"text": text})
    jobs.finish(job.id, attempt, "finished", final)
    await delivered(jobs)
    return job


async def shown(person: Person, ts: str, words: str) -> Json:
    return {**await person.sees_reply(ts, words), "channel": "CGENERAL"}


async def say_in(person: Person, thread: str, text: str) -> None:
    """Reply as Alice."""
    alice = AsyncWebClient(person.workspace.tokens.of("UALICE"), base_url=person.workspace.api_url)
    await alice.chat_postMessage(channel="CGENERAL", thread_ts=thread, text=text)


def buttons_of(message: Json) -> list[str]:
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row["elements"]]


async def test_an_answer_is_continued_and_given_again_once_each_by_its_asker(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve() as bot:
        ts = await ask(person, "Tell me of swallows.")
        first = await answer(jobs, "They fly", CUT)
        message = await shown(person, ts, "They fly")
        assert buttons_of(message) == ["continue_answer", "ask_again"]
        await person.press(message, "continue_answer", user="UBOB")
        await person.told("Only the person who asked", "UBOB")

        await person.press(message, "continue_answer", user="UALICE")
        rest = await answer(jobs, "south.", WHOLE)
        message = await shown(person, ts, "They fly")
        continued = await shown(person, ts, "south.")
        assert buttons_of(message) == ["ask_again"]
        assert buttons_of(continued) == []
        # A press that comes twice, or from a page that still shows the button.
        await asyncio.to_thread(ask_on, bot, "UALICE", first.id, "continue")
        assert not jobs.open("answer")

        await person.press(message, "ask_again", user="UALICE")
        other = await answer(jobs, "They nest.", WHOLE)
        again = await shown(person, ts, "They nest.")
        assert buttons_of(await shown(person, ts, "They fly")) == []
        assert buttons_of(again) == ["ask_again"]
        await person.press(again, "ask_again", user="UALICE")
        await job_of(jobs, "answer")

        body = {"channel": "CGENERAL", "user": "UALICE", "ts": ts}
        assert (await person.local("delete", body))["ok"]
        await delivered(jobs)
        assert await person.replies(ts) == []

    assert rest.id == follow_up_id(first.id, "continue", 0)
    assert rest.request["begun"] == [1, 2, 3]
    assert (rest.request["model"], rest.request["instruction"]) == ("m", "Tell me of swallows.")
    assert other.request["vary"]
    assert "begun" not in other.request
    assert other.request["seed"] != rest.request["seed"]
    assert all(state.over for state in jobs.all_states())
    assert len(jobs.all_states()) == 4


async def test_a_thread_goes_on_with_the_answer_that_was_given_last(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await ask(person, "Tell me of swallows.")
        await answer(jobs, "They fly", CUT)
        message = await shown(person, ts, "They fly")
        await person.press(message, "continue_answer", user="UALICE")
        await answer(jobs, "south.", WHOLE)
        await say_in(person, ts, "And?")
        told = await answer(jobs, "They return.", WHOLE)
        await person.press(message, "ask_again", user="UALICE")
        await answer(jobs, "They nest.", WHOLE)
        await say_in(person, ts, "Where?")
        asked = await job_of(jobs, "answer")

    assert [turn["text"] for turn in told.request["thread"]] == [
        "Tell me of swallows.",
        "They fly",
        "south.",
    ]
    assert [turn["text"] for turn in asked.request["thread"]] == [
        "Tell me of swallows.",
        "And?",
        "They return.",
        "They nest.",
    ]


async def test_who_has_asked_enough_for_now_can_press_again_later(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve(questions_per_minute="1"):
        ts = await ask(person, "Tell me of swallows.")
        await answer(jobs, "They fly", CUT)
        message = await shown(person, ts, "They fly")
        await person.press(message, "continue_answer", user="UALICE")
        await person.told("One person may ask 1 questions a minute", "UALICE")
        jobs.redis.delete("swallow:asked:UALICE")  # a minute later
        await person.press(message, "continue_answer", user="UALICE")
        await answer(jobs, "south.", WHOLE)

    assert len(await person.private("UALICE")) == 1
