"""Where Slack has the app as an agent: sessions, titles, Slack's own Stop and suggested prompts."""

import pytest

from bot.questions import thread_status
from bot.questions.agent.prompts import suggested
from bot.questions.agent.title import title_of
from bot.surface import Surface
from bot.workspace.workspace import Workspace
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tests.bot.conftest import Json, Person, Serve, job_of, until
from tests.bot.questions.test_follower import ANSWERED, ask

HOSTILE = "<!channel> <@U123> <http://evil|click> @here **x**"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_status, "STATUS_POLL_SECONDS", 0.05)


@pytest.fixture
def agent(workspace: Workspace) -> Workspace:
    """The workspace, in which the app is an agent."""
    workspace.is_agent = True
    return workspace


async def session(workspace: Workspace, ts: str, status: str) -> Json:
    """Wait until a thread's session has this status and no other line in its place."""

    async def look() -> Json | None:
        said = [one for one in workspace.statuses.shown() if one["thread_ts"] == ts]
        shown = [one for one in workspace.sessions.shown() if one["thread_ts"] == ts]
        return dict(shown[0]) if shown and shown[0]["status"] == status and not said else None

    return await until(look, f"a session that is {status}")


async def test_a_session_has_a_title_and_is_processing_until_the_answer_is_there(
    serve: Serve, person: Person, jobs: Jobs, agent: Workspace
) -> None:
    async with serve():
        ts = await ask(person, f"max=64 {HOSTILE}\n\nlong text")
        job = await job_of(jobs, "answer")

        async def waits() -> bool:
            return any("worker" in one["status"] for one in agent.statuses.shown())

        await until(waits, "what the question waits for, in the place of the session")
        assert jobs.claim(job.id, "worker") == 1
        title = (await session(agent, ts, "processing"))["title"]
        second = await ask_in_thread(person, ts, "And then?")
        other = await job_of(jobs, "answer", not_in=(job.id,))
        jobs.append(job.id, 1, "text", {"text": "2"})
        jobs.finish(job.id, 1, "finished", ANSWERED)
        await person.sees_reply(ts, "2")
        assert agent.sessions.shown()[0]["status"] == "processing"  # the other question is open
        assert jobs.claim(other.id, "worker") == 1
        jobs.append(other.id, 1, "text", {"text": "3"})
        jobs.finish(other.id, 1, "finished", ANSWERED)
        ended = await session(agent, ts, "active")

    assert second
    assert "<" not in title
    assert "long text" in title
    assert ended["title"] == title


async def ask_in_thread(person: Person, ts: str, text: str) -> str:
    alice = person.client.__class__(
        person.workspace.tokens.of("UALICE"), base_url=person.workspace.api_url
    )
    posted = await alice.chat_postMessage(channel="CGENERAL", thread_ts=ts, text=f"<@UBOT> {text}")
    return str(posted["ts"])


async def test_slacks_stop_cancels_the_answer_of_whoever_asked_and_of_nobody_else(
    serve: Serve, person: Person, jobs: Jobs, agent: Workspace
) -> None:
    Workers(jobs.redis).announce(Worker("w", ("answers",), "ready", model="m"))
    async with serve():
        ts = await ask(person, "Count to a million!")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        await session(agent, ts, "processing")
        stop = {"channel": "CGENERAL", "thread_ts": ts}
        assert (await person.local("stop", {**stop, "user": "UBOB"}))["ok"]
        await person.told("Only whoever asked can stop", "UBOB")
        found = jobs.get(job.id)
        assert found
        assert not found.cancelled

        assert (await person.local("stop", {**stop, "user": "UALICE"}))["ok"]
        await session(agent, ts, "active")
        found = jobs.get(job.id)
        assert found
        assert found.cancelled["by"] == "UALICE"
        jobs.finish(job.id, 1, "cancelled", ANSWERED)
        await person.sees_reply(ts, "Stopped.")
        await session(agent, ts, "active")
        assert (await person.local("stop", {**stop, "user": "UALICE"}))["ok"] is False


async def test_prompts_are_suggested_in_the_language_of_whoever_opens_the_agent(
    serve: Serve, person: Person, agent: Workspace
) -> None:
    agent.locales.update(UALICE="ja-JP", UBOB="en-GB")

    async def prompts(user: str) -> list[Json]:
        return list(agent.sessions.prompts_of(user)["prompts"])

    async with serve():
        for user, language in (("UALICE", "ja"), ("UBOB", "en")):
            await person.local("opened", {"user": user})
            shown = await until(lambda user=user: prompts(user), f"prompts for {user}")  # type: ignore[misc]
            assert shown == suggested("ja" if language == "ja" else "en")
    assert suggested("ja") != suggested("en")


async def test_a_plain_app_asks_for_no_sessions_and_one_that_is_refused_them_asks_once(
    serve: Serve, person: Person, jobs: Jobs, workspace: Workspace
) -> None:
    def calls(method: str) -> int:
        return int(workspace.call_log.shown().get(method, {}).get("calls", 0))

    async def shown() -> bool:
        return bool(workspace.statuses.shown())

    async with serve() as bot:
        await person.local("opened", {"user": "UALICE"})
        await ask(person, "What is 1 + 1?")
        await until(shown, "a status")
        assert calls("agents.sessions.setStatus") == 0
        bot.surface.is_agent = True  # as where the app was an agent, by its scopes
        before = calls("assistant.threads.setStatus")
        for question in ("What is 2 + 2?", "What is 3 + 3?"):
            await ask(person, question)

        async def again() -> bool:
            return calls("assistant.threads.setStatus") >= before + 2

        await until(again, "the plain status")
        assert calls("agents.sessions.setStatus") in (1, 2)  # both may have begun at once
    assert calls("assistant.threads.setSuggestedPrompts") == 0


def test_a_title_is_the_first_words_of_the_question_as_data() -> None:
    def title(text: str) -> str:
        job = Job.__new__(Job)
        object.__setattr__(job, "asked", {"text": text})
        return title_of(job, "UBOT")

    assert title("<@UBOT> max=64 日本で一番\n高い山は？") == "日本で一番 高い山は？"
    assert title("<@UBOT> &lt;b&gt; \u202e <!here>").startswith("‹b›")
    assert len(title("長い" * 100)) == 60
    assert title("<@UBOT>") == ""


def test_one_refusal_of_a_thread_leaves_the_surface_as_it_is() -> None:
    surface = Surface()
    surface.is_agent = True
    surface.refused("session_not_found")
    assert surface.is_agent
    surface.refused("feature_not_enabled")
    assert not surface.is_agent
