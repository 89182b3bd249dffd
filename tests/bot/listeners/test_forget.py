"""`/swallow-forget` and its button, with a real bot at the local workspace."""

from collections.abc import Callable

from redis import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.forget import FORGET_ACTION
from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Json, Person, Serve, job_of, until

WORD = "himitsu-no-kotoba"


async def say(workspace: Workspace, text: str, thread: str | None = None) -> str:
    """Let Alice speak."""
    alice = AsyncWebClient(workspace.tokens.of("UALICE"), base_url=workspace.api_url)
    posted = await alice.chat_postMessage(channel="CGENERAL", text=text, thread_ts=thread)
    return str(posted["ts"])


async def confirmation(person: Person, words: str) -> Json:
    """Wait for what Alice alone sees."""
    await person.told(words, "UALICE")
    return (await person.private_messages("UALICE"))[-1]


async def test_a_running_question_ends_in_its_thread_and_nothing_of_it_is_left(
    serve: Serve,
    person: Person,
    workspace: Workspace,
    jobs: Jobs,
    redis: Redis,
    audit: Callable[[], list[Json]],
) -> None:
    async with serve():
        ts = await say(workspace, f"<@UBOT> {WORD}")
        job = await job_of(jobs, "answer")
        attempt = jobs.claim(job.id, "worker")
        assert attempt
        jobs.append(job.id, attempt, "text", {"text": "half an ans"})
        await person.sees_reply(ts, "half an ans")

        await person.command("/swallow-forget please", user="UALICE")
        message = await confirmation(person, "removes from the server")
        assert jobs.check_lease(job.id, attempt) == "ok"  # nothing is done unless it is confirmed
        await person.press(message, f"{FORGET_ACTION}_en", user="UALICE")
        told = await person.told("Done: 1 questions", "UALICE")
        assert jobs.check_lease(job.id, attempt) == "cancel"
        jobs.finish(job.id, attempt, "cancelled", {})

        async def gone() -> bool:
            return not redis.keys("swallow:job:*") and not redis.keys("swallow:events:*")

        await until(gone, "no record")
        [reply] = await person.replies(ts)

    assert "Messages in Slack stay" in told
    assert reply["metadata"]["event_payload"]["state"] == "cancelled"
    [line] = audit()
    assert (line["who"], line["action"], line["outcome"]) == ("UALICE", "forget", "done")
    assert line["records"] == 2  # the question, and the thread the bot followed for it
    assert WORD not in str(line)
    assert not redis.keys("swallow:thread:*")


async def test_without_words_it_asks_in_both_languages_and_tells_in_the_buttons(
    serve: Serve, person: Person
) -> None:
    async with serve():
        await person.command("/swallow-forget", user="UALICE")
        message = await confirmation(person, "removes from the server")
        await person.press(message, f"{FORGET_ACTION}_ja", user="UALICE")
        await person.told("サーバーに残っているあなたの記録はありません", "UALICE")

    assert "元に戻せません" in message["text"]


async def test_nothing_is_removed_where_the_audit_log_cannot_be_written(
    serve: Serve, person: Person, workspace: Workspace, jobs: Jobs
) -> None:
    async with serve() as bot:
        bot.audit.file.mkdir(parents=True)
        await say(workspace, f"<@UBOT> {WORD}")
        await job_of(jobs, "answer")
        await person.command("/swallow-forget please", user="UALICE")
        message = await confirmation(person, "removes from the server")
        await person.press(message, f"{FORGET_ACTION}_en", user="UALICE")
        await person.told("audit log cannot be written", "UALICE")

        assert [job.asked["text"] for job in jobs.open("answer")] == [f"<@UBOT> {WORD}"]
