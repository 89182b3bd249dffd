"""Questions that are edited or deleted, at a real local workspace; the tests act as the workers."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import ConnectionError
from slack_sdk.web.async_client import AsyncWebClient

from bot.questions.arrival import store
from bot.questions.changes import follow_up, revision
from bot.workspace.state.channels import channel_named
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Json, Person, Serve, job_of, until

FINISHED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}
GENERAL = channel_named("CGENERAL")


class Asker(Person):
    """Alice, who changes her mind."""

    async def ask(self, text: str, channel: str = "CGENERAL", thread_ts: str | None = None) -> str:
        token = self.workspace.tokens.of("UALICE")
        alice = AsyncWebClient(token, base_url=self.workspace.api_url)
        said = await alice.chat_postMessage(channel=channel, text=text, thread_ts=thread_ts)
        return str(said["ts"])

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


async def test_an_edit_that_asks_somebody_else_withdraws_and_a_later_one_asks_again(
    serve: Serve, asker: Asker, jobs: Jobs
) -> None:
    async with serve():
        ts = await asker.ask("<@UBOT> one?")
        job = await queued(jobs, "one?")
        attempt(jobs, job, "eins")
        await asker.has_replies(ts, "eins")
        await asker.edit(ts, "<@UBOB> one?")
        await asker.has_replies(ts)
        await delivered(jobs)
        withdrawn = jobs.get(job.id)
        await asker.edit(ts, "<@UBOT> one, then?")
        again = await queued(jobs, "one, then?")
        jobs.finish(job.id, attempt(jobs, again, "eins!"), "finished", FINISHED)
        await delivered(jobs)
        await asker.has_replies(ts, "eins!")
        # Slack is late with the edit before, and the deletion counts in the end.
        late = {"text": "", "edited": str(float(again.asked["edited"]) - 1)}
        assert not jobs.withdraw(job.id, late, "UALICE", edited=late["edited"])
        await asker.edit(ts, "one, then?")
        await asker.has_replies(ts)
        await asker.delete(ts)

        async def for_good() -> bool:
            return not jobs.redis.hexists(f"swallow:job:{job.id}", "may_return")

        await until(for_good, "that it was deleted")
        assert not jobs.revise(job.id, {"text": "<@UBOT> three?", "edited": "9e9"}, "9e9")

    assert withdrawn is not None
    assert (withdrawn.withdrawn, withdrawn.asked["text"]) == (True, "")


async def test_a_deleted_question_that_waits_leaves_no_status_in_its_thread(
    serve: Serve, asker: Asker, jobs: Jobs
) -> None:
    async with serve():
        thread = await asker.ask("Does anybody know?")
        reply = await asker.ask("<@UBOT> you?", thread_ts=thread)
        await queued(jobs, "you?")

        async def thinks() -> bool:
            return bool(asker.workspace.statuses.shown())

        await until(thinks, "a status")
        await asker.delete(reply)
        await delivered(jobs)

        assert asker.workspace.statuses.shown() == []


class _Room:
    """Everybody may ask as much as they like."""

    def check_room(self, user: str, jobs: Jobs) -> None: ...


async def test_a_button_that_goes_late_does_not_bring_the_old_answer_back(
    serve: Serve, asker: Asker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed, may_go = asyncio.Event(), asyncio.Event()
    async with serve() as bot:
        update = bot.client.chat_update

        async def late(**message: Any) -> Any:
            if "metadata" not in message:
                pressed.set()
                await may_go.wait()
            return await update(**message)

        monkeypatch.setattr(bot.client, "chat_update", late)
        ts = await asker.ask("<@UBOT> one?")
        job = await queued(jobs, "one?")
        jobs.finish(job.id, attempt(jobs, job, "eins"), "finished", FINISHED)
        [message] = await asker.has_replies(ts, "eins")
        await asker.press(message, "ask_again", user="UALICE")
        await pressed.wait()
        await asker.edit(ts, "<@UBOT> two?")
        job = await queued(jobs, "two?")
        jobs.finish(job.id, attempt(jobs, job, "zwei"), "finished", FINISHED)
        await asker.has_replies(ts, "zwei")
        await delivered(jobs)
        shown: list[str] = []

        def notice(event: Any) -> None:
            if event.kind == "changed":
                shown.append(event.data["message"]["text"])

        asker.workspace.page_events.watch(notice)
        may_go.set()

        async def corrected() -> bool:
            return shown[-1:] == ["zwei"]

        await until(corrected, "the new answer")

    assert shown == ["eins", "zwei"]


@pytest.fixture
def offline(jobs: Jobs) -> Any:
    """As much of a bot as a changed question needs."""
    return SimpleNamespace(
        jobs=jobs,
        user="UBOT",
        language=lambda text: "en",
        language_of_question=lambda text, user: "en",
        askers=_Room(),
    )


def changed(text: str, at: str = "", *, thread_ts: str = "") -> Json:
    """Alice's question of 1.0 as she has edited it; a deletion without `at`."""
    said = {"user": "UALICE", "ts": "1.0", "text": text}
    said |= {"thread_ts": thread_ts} if thread_ts else {}
    event = {"channel": "C1", "channel_type": "channel"}
    if not at:
        return {**event, "previous_message": said}
    return {**event, "message": {**said, "edited": {"ts": at}}, "previous_message": {}}


def test_an_edit_that_is_taken_half_is_taken_whole_when_it_comes_again(
    jobs: Jobs, offline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked of the old answer goes with it."""
    where = {"team": "T", "channel": "C1", "ts": "1.0", "thread_ts": "1.0", "user": "UALICE"}
    store(offline, where, {"text": "<@UBOT> one", "files": []}, only_in_thread=False)
    [job] = jobs.open("answer")
    jobs.enqueue(job.id, {"instruction": "one"})
    jobs.finish(job.id, attempt(jobs, job, "eins"), "finished", {**FINISHED, "ids": [1]})
    for how in follow_up.HOWS:
        follow_up.ask_on(offline, "UALICE", job.id, how)
    # Both buttons go from a message that was pressed twice at once.
    assert len(follow_up.used_buttons(jobs, job.id, 0)) == 2

    with monkeypatch.context() as disk:
        disk.setattr("tasks.broker.jobs.flush", raise_away)
        with pytest.raises(ConnectionError):
            revision.take_change(offline, changed("<@UBOT> two", "2.0"), "T")
    revision.take_change(offline, changed("<@UBOT> two", "2.0"), "T")

    assert [open.id for open in jobs.open("answer")] == [job.id]
    assert follow_up.used_buttons(jobs, job.id, 0) == []


def test_a_message_that_is_edited_while_others_ask_below_it_is_no_question(
    jobs: Jobs, offline: Any
) -> None:
    where = {"team": "T", "channel": "C1", "ts": "1.5", "thread_ts": "1.0", "user": "UBOB"}
    asked = {"text": "<@UBOT> do you?", "files": []}
    store(offline, where, asked, only_in_thread=False)
    revision.take_change(offline, changed("Does anybody know?", "2.0", thread_ts="1.0"), "T")

    assert [open.destination["ts"] for open in jobs.open("answer")] == ["1.5"]


def raise_away(redis: Any) -> None:
    raise ConnectionError


def test_a_reply_that_is_deleted_before_it_comes_is_not_asked(jobs: Jobs, offline: Any) -> None:
    where = {"team": "T", "channel": "C1", "ts": "0.5", "thread_ts": "0.5", "user": "UALICE"}
    asked = {"text": "<@UBOT> one", "files": []}
    store(offline, where, asked, only_in_thread=False)
    revision.take_deletion(offline, changed("and two", thread_ts="0.5"), "T")

    reply = {**where, "ts": "1.0"}
    store(offline, reply, {"text": "and two", "files": []}, only_in_thread=True)

    assert [open.destination["ts"] for open in jobs.open("answer")] == ["0.5"]


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
