"""Admins decide about rows, authors take theirs back, and the Home tab shows both."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from bot.errors import CannotAct
from bot.feedback import review
from bot.slack.actor import Actor
from tasks.adapters.in_use import AdaptersInUse
from tests.bot.conftest import Json, Serve, until
from tests.bot.feedback.conftest import Teacher
from tests.tasks.adapter_files import write_adapter
from tests.tasks.feedback.rows import proposed


def buttons_of(view: Json, action: str) -> list[str]:
    return [
        element["value"]
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == action
    ]


async def test_the_home_tab_lists_what_waits_and_approves_what_it_shows(
    serve: Serve, teacher: Teacher, audit: Callable[[], list[Json]]
) -> None:
    for id in ("a", "b", "c"):
        teacher.feedback.propose(proposed(id, kind="liked" if id == "c" else "taught"))
    async with serve(feedback="on", language="en"):
        view = await teacher.home("To be decided: 3")
        await teacher.press_home(view, "feedback_refuse", buttons_of(view, "feedback_refuse")[0])
        view = await teacher.home("To be decided: 2")
        teacher.feedback.propose(proposed("later"))
        [both] = buttons_of(view, "feedback_approve_all")
        await teacher.press_home(view, "feedback_approve_all", both)
        view = await teacher.home("To be decided: 1")
        await teacher.sees("Approved 2.", "DADMIN")

    assert buttons_of(view, "feedback_approve") == [proposed("later").seen]
    assert buttons_of(view, "feedback_approve_all") == []
    assert [row.id for row in teacher.feedback.training_rows()] == ["b"]
    assert [row.id for row in teacher.feedback.exam_rows()] == ["c"]
    assert teacher.feedback.get("a") is None
    assert [(line["action"], line["outcome"]) for line in audit()] == [
        ("feedback refuse", "done"),
        ("feedback approve", "done"),
    ]


async def test_only_an_admin_sees_and_decides(
    serve: Serve, teacher: Teacher, audit: Callable[[], list[Json]], redis: Redis
) -> None:
    teacher.feedback.propose(proposed("a"))
    AdaptersInUse(redis).set("faq@0", "CGENERAL")
    async with serve(feedback="on", language="en"):
        admins = await teacher.home("To be decided: 1")
        bobs = await teacher.home("Yours: 0", "UBOB")
        # As a forged press would come: the tab of an admin in the hands of somebody else.
        forged = teacher.workspace.views.publish_home("UBOB", {**admins, "external_id": ""})
        [approve] = buttons_of(admins, "feedback_approve")
        await teacher.press_home(forged, "feedback_approve", approve, "UBOB")
        await teacher.sees("admin", "DBOB")

    assert "• <#CGENERAL> — *faq*" in str(admins["blocks"])
    assert "No adapter for all: the base model answers." in str(admins["blocks"])
    assert "• <#CGENERAL> — *faq*" in str(bobs["blocks"])
    assert buttons_of(bobs, "feedback_approve") == []
    row = teacher.feedback.get("a")
    assert row
    assert row.state == "proposed"
    [line] = audit()
    assert (line["who"], line["outcome"], line["reason"]) == ("UBOB", "refused", "not_admin")


async def test_who_comes_second_is_told_so_and_changes_nothing(
    serve: Serve, teacher: Teacher
) -> None:
    async with serve(feedback="on", language="en"):
        message = await teacher.answered("Who runs the wiki?", "Sato.")
        await teacher.correct(message)
        await teacher.submit(await teacher.form(), output="Kimura.")
        review = await teacher.sees("A correction by", "DADMIN")
        [row] = await teacher.rows(1)
        teacher.feedback.approve([row.id], "operator:root", exam=True)
        await teacher.decide(review, "feedback_refuse")
        await teacher.told("decided already", channel="DADMIN")
        await teacher.sees("Approved by operator:root, for the exam", "DADMIN")

    after = teacher.feedback.get(row.id)
    assert after
    assert (after.state, after.use, after.approver) == ("approved", "exam", "operator:root")


async def test_a_press_that_comes_twice_is_no_failure(serve: Serve, teacher: Teacher) -> None:
    admin = Actor("UADMIN", "TLOCAL", "", dm=True)
    rows = [proposed("a"), proposed("b")]
    for row in rows:
        teacher.feedback.propose(row)
    async with serve(feedback="on") as bot:
        for _ in range(2):
            await review.decide(bot, admin, {}, rows[0].seen, "training", "en")
        with pytest.raises(CannotAct):
            await review.decide(bot, admin, {}, rows[0].seen, "exam", "en")
        told = [await review.approve_all(bot, admin, [rows[1].seen], "en") for _ in range(2)]
        with pytest.raises(CannotAct):
            await review.approve_all(bot, replace(admin, user="UBOB"), [rows[1].seen], "en")

    assert [result.text for result in told] == ["Approved 1.", ""]
    assert [row.approver for row in teacher.feedback.training_rows()] == ["UADMIN", "UADMIN"]


async def test_what_was_written_anew_is_not_approved_unseen(serve: Serve, teacher: Teacher) -> None:
    async with serve(feedback="on"):
        message = await teacher.answered("Who runs the wiki?", "Sato.")
        await teacher.correct(message)
        await teacher.submit(await teacher.form(), output="Kimura.")
        review = await teacher.sees("A correction by", "DADMIN")
        [row] = await teacher.rows(1)
        teacher.feedback.propose(replace(row, output="Mallory."))
        await teacher.decide(review, "feedback_approve")
        await teacher.told("look at what it says now", channel="DADMIN")
        seen = teacher.feedback.get(row.id)

        async def shown_anew() -> Json | None:
            messages = await teacher.messages("DADMIN")
            return next((m for m in messages if "Mallory" in str(m["blocks"])), None)

        await teacher.decide(await until(shown_anew, "Mallory"), "feedback_approve")
        await teacher.sees("Approved by <@UADMIN>", "DADMIN")

    assert seen
    assert seen.state == "proposed"
    [row] = teacher.feedback.training_rows()
    assert row.output == "Mallory."


async def test_an_author_takes_back_what_is_theirs_and_nothing_else(
    serve: Serve, teacher: Teacher, home: Path
) -> None:
    teacher.feedback.propose(proposed("a"))
    teacher.feedback.propose(proposed("b", author="UBOB"))
    teacher.feedback.approve(["a"], "UADMIN")
    write_adapter(home / "adapters" / "taught", rows=["a"])
    file = home / "trainings" / "t" / "feedback.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text('{"id": "a", "instruction": "x", "output": "y"}\n')
    async with serve(feedback="on", language="en"):
        view = await teacher.home("Yours: 1", "UALICE")
        await teacher.press_home(view, "feedback_remove", "a", "UALICE")
        told = await teacher.sees("Removed", "DALICE")
        bobs = await teacher.home("Yours: 1", "UBOB")
        forged = teacher.workspace.views.publish_home("UALICE", {**bobs, "external_id": ""})
        await teacher.press_home(forged, "feedback_remove", "b", "UALICE")
        await teacher.sees("not there any more", "DALICE")

    assert "Adapters made with that data stay: taught" in told["text"]
    assert file.read_text() == ""
    assert [row.id for row in teacher.feedback.rows()] == ["b"]


async def test_the_tab_speaks_the_language_that_was_set_and_fits_however_much_there_is(
    serve: Serve, teacher: Teacher
) -> None:
    for number in range(30):
        text = "長い文章です。" * 400
        row = proposed(f"{number:02}", instruction=text, output=text, input=text, rejected=text)
        teacher.feedback.propose(row)
    async with serve(language="ja"):
        view = await teacher.home("承認待ち（30件）")
        other = await teacher.home("あなたの提案（30件）", "UALICE")

    assert "Slack からのフィードバックは集めていません" in str(view["blocks"][0])
    assert len(view["blocks"]) <= 100
    assert buttons_of(other, "feedback_approve_all") == []
    assert "ほかに15件" in str(view["blocks"])


async def test_forgotten_people_take_their_rows_along(serve: Serve, teacher: Teacher) -> None:
    teacher.feedback.propose(proposed("a"))
    async with serve():
        await teacher.command("/swallow-forget please", user="UALICE")
        await teacher.told("removes from the server", "UALICE")
        message = (await teacher.private_messages("UALICE"))[-1]
        await teacher.press(message, "forget_me_en", user="UALICE")
        await teacher.told("1 rows of training data", "UALICE")

        async def gone() -> bool:
            return not teacher.feedback.rows()

        await until(gone, "no row")


async def test_an_admins_own_row_is_another_admins_to_approve_where_there_is_one(
    serve: Serve, teacher: Teacher, audit: Callable[[], list[Json]]
) -> None:
    for id in ("a", "b"):
        teacher.feedback.propose(proposed(id, author="UADMIN"))
    teacher.feedback.propose(proposed("c"))
    async with serve(feedback="on", language="en", admins="UADMIN,UBOB"):
        view = await teacher.home("To be decided: 3")
        own = buttons_of(view, "feedback_approve")[0]
        await teacher.press_home(view, "feedback_approve", own)
        await teacher.sees("another admin's to approve", "DADMIN")
        [every] = buttons_of(view, "feedback_approve_all")
        await teacher.press_home(view, "feedback_approve_all", every)
        await teacher.sees("Approved 1.", "DADMIN")
        view = await teacher.home("To be decided: 2", "UBOB")
        [both] = buttons_of(view, "feedback_approve_all")
        await teacher.press_home(view, "feedback_approve_all", both, "UBOB")
        await teacher.sees("Approved 2.", "DBOB")

    approved = {row.id: row.approver for row in teacher.feedback.training_rows()}
    assert approved == {"a": "UBOB", "b": "UBOB", "c": "UADMIN"}
    assert [line["outcome"] for line in audit()] == ["failed", "done", "done"]


async def test_the_only_admin_approves_what_is_their_own(serve: Serve, teacher: Teacher) -> None:
    teacher.feedback.propose(proposed("a", author="UADMIN"))
    async with serve(feedback="on", language="en"):
        view = await teacher.home("To be decided: 1")
        await teacher.press_home(view, "feedback_approve", proposed("a", author="UADMIN").seen)
        await teacher.home("To be decided: 0")

    assert [row.approver for row in teacher.feedback.training_rows()] == ["UADMIN"]
