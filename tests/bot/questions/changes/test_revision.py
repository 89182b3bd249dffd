"""Questions that are edited or deleted, at a real local workspace; the tests act as the workers."""

from typing import Any

import pytest
from redis.exceptions import ConnectionError
from slack_sdk.web.async_client import AsyncWebClient

from bot.questions.changes import revision
from bot.workspace.state.channels import channel_named
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Json, Person, Serve, job_of, until

FINISHED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}
GENERAL = channel_named("CGENERAL")


class Asker(Person):
    """Alice, who changes her mind."""

    async def ask(self, text: str, channel: str = "CGENERAL") -> str:
        token = self.workspace.tokens.of("UALICE")
        alice = AsyncWebClient(token, base_url=self.workspace.api_url)
        return str((await alice.chat_postMessage(channel=channel, text=text))["ts"])

    async def edit(self, ts: str, text: str, channel: str = "CGENERAL") -> None:
        body = {"channel": channel, "user": "UALICE", "ts": ts, "text": text}
        assert (await self.local("edit", body))["ok"]

    async def delete(self, ts: str, channel: str = "CGENERAL") -> None:
        body = {"channel": channel, "user": "UALICE", "ts": ts}
        assert (await self.local("delete", body))["ok"]

    async def has_replies(self, ts: str, *texts: str) -> list[Json]:
        async def look() -> list[Json] | None:
            replies = await self.replies(ts)
            return replies if [reply["text"] for reply in replies] == list(texts) else None

        if texts:
            return await until(look, str(texts))

        async def none() -> bool:
            return not await self.replies(ts)

        await until(none, "that nothing is left")
        return []


@pytest.fixture
def asker(person: Person) -> Asker:
    return Asker(person.workspace, person._http)


def attempt(jobs: Jobs, job: Job, text: str) -> int:
    number = jobs.claim(job.id, "worker")
    assert number is not None
    jobs.append(job.id, number, "text", {"text": text}, at=0)
    return number


async def queued(jobs: Jobs, instruction: str) -> Job:
    """Wait until the question waits for a worker with these words."""

    async def look() -> Job | None:
        found = jobs.open("answer")
        return next((job for job in found if job.request.get("instruction") == instruction), None)

    return await until(look, instruction)


async def test_an_edit_starts_the_answer_over_in_the_same_message(
    serve: Serve, asker: Asker, jobs: Jobs
) -> None:
    async with serve():
        ts = await asker.ask("<@UBOT> Capital of Frence?")
        old = attempt(jobs, await job_of(jobs, "answer"), "Frence is")
        [message] = await asker.has_replies(ts, "Frence is")
        # Slack reports a change where a link gets its preview, too.
        question = asker.workspace.conversations.message(GENERAL, ts)
        asker.workspace.messages.change(GENERAL, question, {**question, "attachments": []})

        await asker.edit(ts, "<@UBOT> Capital of France?")
        job = await queued(jobs, "Capital of France?")
        await asker.has_replies(ts, "The question was edited: starting over…")
        assert jobs.append(job.id, old, "text", {"text": " no country"}) is None
        new = attempt(jobs, job, "Paris.")
        jobs.finish(job.id, new, "finished", FINISHED)
        await delivered(jobs)
        [answer] = await asker.has_replies(ts, "Paris.")

        # It has its answer already: an edit within the minute starts over all the same, once.
        await asker.edit(ts, "<@UBOT> Capital of Spain?")
        job = await queued(jobs, "Capital of Spain?")
        edits = _changes(job)
        assert not any(jobs.revise(job.id, edit, edit["edited"]) for edit in edits)
        jobs.finish(job.id, attempt(jobs, job, "Madrid."), "finished", FINISHED)
        await delivered(jobs)
        await asker.has_replies(ts, "Madrid.")
        # An edited message ends no status: there must be none.
        assert asker.workspace.statuses.shown() == []

    assert message["ts"] == answer["ts"]
    assert job.revision == 2
    assert "edited" in job.asked


def _changes(job: Job) -> list[dict[str, Any]]:
    """Return the same edit once more, and one that was made before it."""
    earlier = str(float(job.asked["edited"]) - 1)
    return [dict(job.asked), {**job.asked, "text": "<@UBOT> Capital of?", "edited": earlier}]


async def test_a_later_edit_changes_nothing(
    serve: Serve, asker: Asker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision, "EDIT_SECONDS", 0)
    async with serve():
        ts = await asker.ask("<@UBOT> One?")
        job = await job_of(jobs, "answer")
        await asker.edit(ts, "<@UBOT> Two?")
        jobs.finish(job.id, attempt(jobs, job, "1"), "finished", FINISHED)
        await asker.has_replies(ts, "1")
        await asker.edit(ts, "Two?")
        marker = await asker.ask("Three?", "DALICE")
        await job_of(jobs, "answer")
        await asker.delete(marker, "DALICE")

        async def none() -> bool:
            return not jobs.open("answer")

        await until(none, "that the second question is withdrawn")

    stored = jobs.get(job.id)
    assert stored is not None
    assert (stored.revision, stored.asked["text"]) == (0, "<@UBOT> One?")


async def test_a_deleted_question_is_cancelled_and_its_answer_removed(
    serve: Serve, asker: Asker, jobs: Jobs
) -> None:
    async with serve():
        running, answered = [await asker.ask(f"<@UBOT> {n}?") for n in ("one", "two")]
        first, second = await queued(jobs, "one?"), await queued(jobs, "two?")
        number = attempt(jobs, first, "eins")
        jobs.finish(second.id, attempt(jobs, second, "zwei"), "finished", FINISHED)
        await asker.has_replies(running, "eins")
        await asker.has_replies(answered, "zwei")
        asker.workspace.faults.set({"duplicate_events": 2, "errors": {"chat.delete": 2}})
        await asker.delete(running)
        await asker.delete(answered)
        await asker.has_replies(running)
        await asker.has_replies(answered)
        await delivered(jobs)
        assert not jobs.finish(first.id, number, "finished", FINISHED)
        for job in (first, second):
            stored = jobs.get(job.id)
            assert stored is not None
            assert stored.over
            assert stored.withdrawn
            assert (stored.asked["text"], stored.request) == ("", {})
            assert [event.type for event in jobs.events(job.id)] == ["revised"]
        # Slack is late with an edit.
        assert not jobs.revise(first.id, {"text": "<@UBOT> three?", "edited": "9e9"}, "9e9")


async def test_what_comes_before_its_question_counts(
    serve: Serve, asker: Asker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question is delivered again after the broker was away, and an edit or deletion first."""
    create, away = Jobs.create, True

    def not_now(*arguments: Any, **options: Any) -> str:
        if away and "edited" not in options["asked"]:
            raise ConnectionError
        return create(*arguments, **options)

    monkeypatch.setattr(Jobs, "create", not_now)
    asker.workspace.envelopes.retry_seconds = (0.5, 0.5, 0.5)
    async with serve():
        edited = await asker.ask("<@UBOT> Ein?")
        deleted = await asker.ask("<@UBOT> Zwei?")
        await asker.edit(edited, "<@UBOT> Eins?")
        await asker.delete(deleted)
        job = await queued(jobs, "Eins?")
        away = False

        async def all_delivered() -> bool:
            return not asker.workspace.database.envelopes()

        await until(all_delivered, "the questions themselves")
        jobs.finish(job.id, attempt(jobs, job, "1"), "finished", FINISHED)
        await delivered(jobs)
        await asker.sees_reply(edited, "1")

    assert [state.id for state in jobs.all_states()] == [job.id]
