"""Who may ask, and that a refusal is told to the asker alone."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from redis import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import retry
from bot.workspace.workspace import Workspace
from tasks.asking.channels import Channels, ChannelSettings
from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Person, Serve, until
from tests.bot.feedback.conftest import Teacher

Speak = Callable[..., Any]


@pytest.fixture
async def teacher(workspace: Workspace, redis: Redis) -> AsyncIterator[Teacher]:
    async with aiohttp.ClientSession() as http:
        yield Teacher(workspace, http, redis)


@pytest.fixture
def speak(workspace: Workspace) -> Speak:
    async def speak(
        user: str, channel: str = "CGENERAL", text: str = "<@UBOT> hello", thread: str | None = None
    ) -> str:
        client = AsyncWebClient(workspace.tokens.of(user), base_url=workspace.api_url)
        posted = await client.chat_postMessage(channel=channel, text=text, thread_ts=thread)
        return str(posted["ts"])

    return speak


async def queued(jobs: Jobs, askers: list[str]) -> None:
    """Wait until these people's questions, and no others, wait for a worker."""

    async def look() -> bool:
        open = jobs.open("answer")
        waiting = sorted(job.destination["user"] for job in open if job.state == "queued")
        return waiting == sorted(askers) and len(open) == len(waiting)

    await until(look, f"the questions of {askers}")


async def test_guests_and_people_of_other_workspaces_are_refused_in_private(
    serve: Serve, person: Person, workspace: Workspace, jobs: Jobs, speak: Speak
) -> None:
    workspace.locales["UGUEST"] = "ja-JP"
    named = ChannelSettings(askers="people", people=("UPARTNER",))
    Channels(jobs.redis).set("CRANDOM", named)
    async with serve():
        ts = await speak("UGUEST")
        await person.told("ゲストとほかのワークスペースの方", "UGUEST")
        await speak("UPARTNER")
        await person.told("I do not answer guests", "UPARTNER")
        partners = await speak("UPARTNER", channel="CRANDOM")  # an admin has named them there
        await queued(jobs, ["UPARTNER"])
        # What others say in a thread is for the bot only where it takes part, and they may ask.
        await speak("UALICE", text="So?", thread=ts)
        await speak("UALICE", "CRANDOM", text="So?", thread=partners)
        await speak("UALICE", channel="CRANDOM")
        await person.told("Only certain people may ask in this channel", "UALICE", "CRANDOM")
        await queued(jobs, ["UPARTNER"])
        assert len(await person.private("UALICE", "CRANDOM")) == 1
        assert await person.private("UALICE") == []
        assert [reply["text"] for reply in await person.replies(ts)] == ["So?"]
        workspace.faults.set({"errors": {"chat.postEphemeral": 10}})
        await speak("UGUEST")
        await person.sees("ゲストとほかのワークスペースの方", "DGUEST")
    assert all(job.destination["channel"] == "CRANDOM" for job in jobs.open("answer"))


async def test_a_person_asks_so_many_at_once_and_within_a_minute(
    serve: Serve, person: Person, jobs: Jobs, redis: Redis, speak: Speak
) -> None:
    async with serve(questions_at_once="2", questions_per_minute="3", people="UALICE,UGUEST"):
        for _ in range(2):
            await speak("UALICE")
        await queued(jobs, ["UALICE"] * 2)
        await speak("UALICE")
        await person.told("You have 2 questions that are not answered yet", "UALICE")
        await speak("UBOB")
        await person.told("Only certain people may ask me", "UBOB")
        await speak("UGUEST")  # the operator has named them
        await queued(jobs, ["UALICE", "UALICE", "UGUEST"])

        for job in jobs.open("answer"):
            jobs.cancel(job.id, "UADMIN")
        await speak("UALICE")
        await queued(jobs, ["UALICE"])
        await speak("UALICE")
        await person.told("One person may ask 3 questions a minute", "UALICE")


async def test_whose_questions_are_refused_gives_no_feedback_either(
    serve: Serve, teacher: Teacher, workspace: Workspace
) -> None:
    workspace.locales["UGUEST"] = "ja-JP"
    named = ChannelSettings(askers="people", people=("UPARTNER", "UALICE"))
    Channels(teacher.jobs.redis).set("CRANDOM", named)
    async with serve(feedback="on"):
        message = await teacher.answered("Who?", "Sato.")
        await teacher.rate(message, "good", "UGUEST")
        await teacher.told("ゲストとほかのワークスペースの方からのフィードバック", "UGUEST")
        await teacher.correct(message, "UPARTNER")
        await teacher.told("I do not take feedback from guests", "UPARTNER")
        await teacher.shortcut(await teacher.say("Kimura."), "UGUEST")

        async def refused() -> bool:
            return len(await teacher.private("UGUEST")) == 2

        await until(refused, "a second refusal")
        message = await teacher.answered("Who?", "Sato.", "CRANDOM")
        await teacher.rate(message, "good", "UPARTNER")  # an admin has named them there
        [row] = await teacher.rows(1)

    assert row.author == "UPARTNER"


async def test_a_refusal_is_told_in_private_however_late_and_whatever_fails(
    serve: Serve,
    person: Person,
    workspace: Workspace,
    jobs: Jobs,
    speak: Speak,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bot that begins late does not know whether another one has answered before."""
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.05,))
    ts = await speak("UGUEST", text="hello")
    where = {"team": "T", "channel": "CGENERAL", "ts": ts, "thread_ts": ts, "dm": False}
    asked = {"text": "<@UBOT> hello", "files": []}
    jobs.create("a", "answer", destination={**where, "user": "UGUEST"}, asked=asked)
    jobs.redis.hincrby("swallow:job:a", "created", -10_000)
    workspace.faults.set({"errors": {"chat.postEphemeral": 4, "chat.postMessage": 1}})
    async with serve():
        await person.told("I do not answer guests", "UGUEST")
        await delivered(jobs)

    assert await person.replies(ts) == []
    assert len(await person.private("UGUEST")) == 1


async def test_who_may_ask_is_asked_again_where_slack_does_not_say_who_admins_are(
    serve: Serve, person: Person, workspace: Workspace, jobs: Jobs, speak: Speak
) -> None:
    Channels(jobs.redis).set("CGENERAL", ChannelSettings(askers="admins"))
    async with serve(guests="on"):
        workspace.faults.set({"errors": {"users.info": 50}})
        await speak("UADMIN")
        await person.told("Slack could not be asked who you are", "UADMIN")
