"""One complete answer, in the form or as a direct message, whatever happens to form and bot."""

import asyncio
from functools import partial
from typing import Any

import pytest

from bot.shortcuts import private_reply
from bot.workspace.delivery.views import Views
from bot.workspace.errors import Refused
from tests.bot.claims import delivered, give_claims
from tests.bot.conftest import Serve, until
from tests.bot.questions.test_follower import is_followed
from tests.bot.shortcuts.conftest import FACTS, Reader


async def test_an_answer_whose_form_was_closed_comes_once_as_a_direct_message(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        ts = await reader.say("The server is down.")
        await reader.use("summarise", ts)
        job = await reader.question()
        attempt = reader.begin(job, "Machine")
        form = await reader.form("Machine")
        await reader.act(form, "close")
        reader.jobs.append(job.id, attempt, "text", {"text": " broken."})
        reader.jobs.finish(job.id, attempt, "finished", FACTS)
        message = await reader.direct_message("Machine broken.")
        await delivered(reader.jobs)

        assert len(await reader.direct()) == 1
        assert await reader.replies(ts) == []
        assert await reader.is_closed()
        # It can be shared from there too.
        press = {"channel": message["channel"], "user": "UALICE", "ts": message["ts"]}
        await reader.local("action", {**press, "action_id": "share_answer", "value": job.id})
        await reader.sees_reply(ts, "Machine broken.")

    assert "&gt; The server is down." not in message["text"]
    assert "> The server is down." in message["text"]


async def test_a_form_that_is_closed_after_the_answer_brings_nothing_more(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        await reader.use("summarise", await reader.say("The server is down."))
        await reader.answered("Machine broken.")
        await reader.act(await reader.form("Share in the thread"), "close")
        await delivered(reader.jobs)

        assert await reader.direct() == []


async def test_a_form_that_does_not_open_brings_the_answer_as_a_direct_message(
    serve: Serve, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Views, user: str, view: Any) -> Any:
        raise Refused("internal_trouble")

    monkeypatch.setattr(Views, "open", refuse)
    async with serve():
        await reader.use("summarise", await reader.say("The server is down."))
        await reader.answered("Machine broken.")
        await reader.direct_message("Machine broken.")
        await delivered(reader.jobs)

        assert len(await reader.direct()) == 1


async def test_a_form_that_opens_late_gets_the_answer_that_is_there_already(
    serve: Serve, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as bot:
        opening = bot.client.views_open

        async def late(**what: Any) -> Any:
            await asyncio.sleep(0.3)
            return await opening(**what)

        monkeypatch.setattr(bot.client, "views_open", late)
        await reader.use("summarise", await reader.say("The server is down."))
        await reader.answered("Machine broken.")
        await reader.form("Share in the thread")
        await delivered(reader.jobs)

        assert await reader.direct() == []


async def test_updates_that_are_refused_leave_a_direct_message(
    serve: Serve, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Views, reference: str, view: Any, hash: str = "") -> Any:
        raise Refused("view_too_large")

    monkeypatch.setattr(Views, "update", refuse)
    async with serve():
        await reader.use("summarise", await reader.say("The server is down."))
        await reader.answered("Machine broken.")
        await reader.direct_message("Machine broken.")
        await delivered(reader.jobs)

        assert len(await reader.direct()) == 1
        assert "Machine" not in str((await reader.form())["blocks"])


async def test_an_update_whose_reply_is_lost_is_made_again_and_nothing_else(
    serve: Serve, reader: Reader
) -> None:
    async with serve():
        await reader.use("summarise", await reader.say("The server is down."))
        await reader.form()
        reader.workspace.faults.set(
            {"lose_response": {"views.update": 3}, "rate_limit": {"views.update": 1}}
        )
        await reader.answered("Machine broken.")
        await reader.form("Share in the thread")
        await delivered(reader.jobs)

        assert await reader.direct() == []


@pytest.mark.parametrize("closed", [False, True])
async def test_another_bot_completes_what_a_dead_one_has_begun(
    serve: Serve, reader: Reader, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_reply, "OPENS_WITHIN_SECONDS", 1.0)
    async with serve("first"):
        ts = await reader.say("The server is down.")
        await reader.use("summarise", ts)
        job = await reader.question()
        attempt = reader.begin(job, "Machine")
        form = await reader.form("Machine")
        give_claims(reader.jobs.redis, "second")
    if closed:  # while there is no bot to be told
        await reader.act(form, "close")
    async with serve("second"):
        await until(partial(is_followed, reader.jobs.redis, "second"), "the second follower")
        reader.jobs.append(job.id, attempt, "text", {"text": " broken."})
        reader.jobs.finish(job.id, attempt, "finished", FACTS)
        if closed:
            await reader.direct_message("Machine broken.")
        else:
            await reader.form("Share in the thread")
        await delivered(reader.jobs)

        assert len(await reader.direct()) == closed
        assert await reader.replies(ts) == []
