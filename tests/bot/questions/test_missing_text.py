"""A question's thread, shown by a real bot in the local workspace; the tests are its worker."""

from typing import Any

import pytest

from bot.relay.event_streams import EventStreams
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Person, Serve, job_of

FACTS = {"model": "Base-7b", "tokens": 3, "seconds": 1.0, "finish": "stop"}


async def ask(person: Person) -> str:
    """Mention the bot; returns the message's timestamp."""
    token = person.workspace.tokens.of("UALICE")
    said = await person.client.chat_postMessage(
        token=token, channel="CGENERAL", text="<@UBOT> Count."
    )
    return str(said["ts"])


async def test_text_that_was_not_read_is_read_again(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over = EventStreams._hand_over
    forgotten: list[str] = []

    def forget_one(self: EventStreams, name: str, entries: Any, **how: Any) -> None:
        """Hand over all entries, but lose the one that says ONE the first time."""
        kept = [entry for entry in entries if "ONE" not in entry[1].get("data", "")]
        if kept == entries or forgotten:
            hand_over(self, name, entries, **how)
            return
        forgotten.append(name)
        if kept:
            hand_over(self, name, kept, **how)
        else:
            self._last[name] = entries[-1][0]

    monkeypatch.setattr(EventStreams, "_hand_over", forget_one)
    async with serve():
        ts = await ask(person)
        job = await job_of(jobs, "answer")
        attempt = jobs.claim(job.id, "worker")
        assert attempt
        for at, piece in ((0, "ZERO "), (5, "ONE "), (9, "TWO")):
            jobs.append(job.id, attempt, "text", {"text": piece}, at=at)
            if "ONE" not in piece:
                await person.sees_reply(ts, piece.strip())
        jobs.finish(job.id, attempt, "finished", FACTS)

        message = await person.sees_reply(ts, "TWO")

    assert forgotten
    assert message["text"] == "ZERO ONE TWO"


async def test_text_that_comes_twice_is_shown_once(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        ts = await ask(person)
        job = await job_of(jobs, "answer")
        attempt = jobs.claim(job.id, "worker")
        assert attempt
        # What a broker has forgotten is written again by the worker; the bot may have read it.
        for at, piece in ((0, "ZERO "), (5, "ONE"), (5, "ONE TWO")):
            jobs.append(job.id, attempt, "text", {"text": piece, "at": at})
        jobs.finish(job.id, attempt, "finished", FACTS)

        message = await person.sees_reply(ts, "TWO")

    assert message["text"] == "ZERO ONE TWO"
