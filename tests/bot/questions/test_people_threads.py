"""A mention in a thread in which people talk: what they have said is the input."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.state.people import PEOPLE
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Person, Serve, job_of

FACTS = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}


async def say(person: Person, text: str, user: str = "UBOB", **more: Any) -> str:
    """Speak in the channel."""
    token = person.workspace.tokens.of(user)
    client = AsyncWebClient(token, base_url=person.workspace.api_url)
    return str((await client.chat_postMessage(channel="CGENERAL", text=text, **more))["ts"])


async def test_what_people_have_said_is_the_input_until_the_bot_has_answered(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await say(person, "The meeting is on Friday.")
        # To somebody else: no question, even if its event is handled behind that of the mention.
        await say(person, "<@UBOB> In room five.", "UADMIN", thread_ts=ts)
        await say(person, "<@UBOT> Where is it?", "UALICE", thread_ts=ts)
        first = await job_of(jobs, "answer")
        attempt = jobs.claim(first.id, "worker")
        assert attempt
        jobs.append(first.id, attempt, "text", {"text": "In room 5."})
        jobs.finish(first.id, attempt, "finished", FACTS)
        await person.sees_reply(ts, "In room 5.")
        await say(person, "And when?", "UALICE", thread_ts=ts)
        second = await job_of(jobs, "answer")

    names = [PEOPLE[user].name for user in ("UBOB", "UADMIN")]
    assert [said["speaker"] for said in first.request["material"]] == names
    assert "thread" not in first.request
    assert "summarise" not in first.request
    assert [turn["role"] for turn in second.request["thread"]] == [
        *("user", "user", "user", "assistant")
    ]


async def test_a_summary_is_of_the_whole_thread_and_says_which_part_is_read(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await say(person, "金曜に引っ越します。")
        await say(person, "<@UBOT> 3行で要約して", "UALICE", thread_ts=ts)
        job = await job_of(jobs, "answer")
        attempt = jobs.claim(job.id, "worker")
        assert attempt
        jobs.append(job.id, attempt, "part", {"number": 2, "count": 5})
        await person.sees_reply(ts, "5個のうち2個目")
        jobs.append(job.id, attempt, "text", {"text": "引っ越しです。"})
        jobs.finish(job.id, attempt, "finished", FACTS | {"parts": 5})
        message = await person.sees_reply(ts, "引っ越しです。")
        replies = await person.replies(ts)

    assert job.request["summarise"] == "ja"
    assert job.request["instruction"] == "3行で要約して"
    assert [said["text"] for said in job.request["material"]] == ["金曜に引っ越します。"]
    assert "5個に分けて要約" in str(message["blocks"])
    assert len([reply for reply in replies if reply["user"] == "UBOT"]) == 1


async def test_what_is_given_to_be_summarised_is_no_thread(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await say(person, "The meeting is on Friday.")
        await say(person, "<@UBOT> Summarize\n\nThis text.", "UALICE", thread_ts=ts)
        job = await job_of(jobs, "answer")

    assert "summarise" not in job.request
    assert job.request["input"] == "This text."


async def test_a_thread_that_began_with_a_question_goes_on_as_a_conversation(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await say(person, "<@UBOT> What is Rust?")
        first = await job_of(jobs, "answer")
        await say(person, "<@UBOT> 要約して", "UALICE", thread_ts=ts)
        job = await job_of(jobs, "answer", not_in=(first.id,))

    assert "material" not in job.request
    assert [turn["text"] for turn in job.request["thread"]] == ["What is Rust?"]
