"""Answers are rated and corrected, messages taught; a real bot at the local workspace."""

from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis

from bot.errors import CannotAct
from bot.feedback.forms import Texts
from bot.feedback.proposals import begin_correction, propose_correction
from bot.slack.actor import Actor
from tasks.broker.jobs import Jobs
from tasks.feedback.row import row_id
from tests.bot.conftest import Json, Serve, until
from tests.bot.feedback.conftest import Teacher

WRONG, RIGHT = "The wiki is run by Sato.", "The wiki is run by Kimura."


def actions_of(message: Json) -> set[str]:
    return {
        element["action_id"]
        for block in message["blocks"]
        for element in block.get("elements", [])
        if "action_id" in element
    }


def shown_in(view: Json) -> dict[str, str]:
    return {
        block["block_id"]: block["element"].get("initial_value", "") for block in view["blocks"]
    }


async def test_nothing_is_asked_for_unless_the_operator_says_so(
    serve: Serve, teacher: Teacher
) -> None:
    async with serve():
        message = await teacher.answered("Who runs the wiki?", WRONG)
        ts = await teacher.say("Kimura does.", "UBOB")
        await teacher.shortcut(ts)
        told = await teacher.told("Feedback is not collected", "UALICE")

    assert actions_of(message) == set()
    assert "SWALLOW_FEEDBACK" in told


async def test_a_correction_is_proposed_and_approved_once(serve: Serve, teacher: Teacher) -> None:
    async with serve(feedback="on"):
        message = await teacher.answered("Who runs the wiki?\n\nIt is our wiki.", WRONG)
        await teacher.correct(message, "UBOB")
        view = await teacher.form("UBOB")
        unchanged = await teacher.submit(view, "UBOB")
        assert not await teacher.submit(view, "UBOB", output=RIGHT)
        [row] = await teacher.rows(1)
        await teacher.told("your correction is proposed", "UBOB")
        [thanks] = await teacher.private_messages("UBOB")
        review = await teacher.sees("A correction by", "DADMIN")
        await teacher.decide(review, "feedback_approve")
        approved = await teacher.sees("Approved by <@UADMIN>", "DADMIN")

    assert thanks["thread_ts"] == message["root"]
    assert actions_of(message) == {"answer_feedback", "correct_answer"}
    assert shown_in(view) == {
        "instruction": "Who runs the wiki?",
        "input": "It is our wiki.",
        "output": WRONG,
    }
    assert "as it was" in unchanged["output"]
    assert (row.kind, row.author, row.rejected) == ("correction", "UBOB", WRONG)
    assert row.others == ("UALICE",)
    assert actions_of(approved) == set()
    [row] = teacher.feedback.training_rows()
    assert (row.output, row.approver, row.channel) == (RIGHT, "UADMIN", "CGENERAL")


async def test_the_last_thumb_counts_and_a_correction_takes_it_back(
    serve: Serve, teacher: Teacher
) -> None:
    async with serve(feedback="on"):
        message = await teacher.answered("質問です", "答えです")
        await teacher.rate(message, "good")
        await teacher.told("良い答えとして提案しました", "UALICE")
        await teacher.rate(message, "good")
        [liked] = await teacher.rows(1)
        await teacher.rate(message, "bad")
        await teacher.told("取り消しました", "UALICE")
        assert teacher.feedback.rows() == []
        for value in ("good", "bad", "good"):
            await teacher.rate(message, value, "UBOB")
        await teacher.rows(1)
        await teacher.correct(message, "UBOB")
        await teacher.submit(await teacher.form("UBOB"), "UBOB", output="正しい答え")

        async def corrected() -> bool:
            return [row.kind for row in teacher.feedback.rows()] == ["correction"]

        await until(corrected, "only the correction")

    assert liked.id == row_id(message["job"], "UALICE", "liked")
    assert (liked.kind, liked.instruction, liked.output) == ("liked", "質問です", "答えです")
    assert teacher.feedback.rows()[0].others == ("UALICE",)


async def test_an_answer_whose_record_has_gone_can_be_asked_anew(
    serve: Serve, teacher: Teacher, redis: Redis
) -> None:
    async with serve(feedback="on"):
        message = await teacher.answered("Who runs the wiki?", WRONG)
        await teacher.correct(message)
        view = await teacher.form()
        redis.delete(f"swallow:job:{message['job']}")
        late = await teacher.submit(view, output=RIGHT)
        await teacher.rate(message, "good")
        await teacher.told("has expired", "UALICE")
        await teacher.correct(message, "UBOB")
        await teacher.told("has expired", "UBOB")

    assert "has expired" in late["output"]
    assert teacher.feedback.rows() == []


async def test_a_long_text_is_shown_cut_and_kept_whole_unless_it_is_changed(
    serve: Serve, teacher: Teacher
) -> None:
    question, answer = "Q" * 3500, "😀" * 1600
    async with serve(feedback="on"):
        message = await teacher.answered(question, answer)
        await teacher.correct(message)
        view = await teacher.form()
        await teacher.submit(view, output="Right.")
        [row] = await teacher.rows(1)

    shown = shown_in(view)
    assert (shown["instruction"], shown["output"]) == ("Q" * 3000, "😀" * 1500)
    assert "hint" in view["blocks"][0]
    assert (row.instruction, row.rejected, row.output) == (question, answer, "Right.")


async def test_a_persons_message_is_taught_with_the_question_above_it(
    serve: Serve, teacher: Teacher
) -> None:
    async with serve(feedback="on"):
        root = await teacher.say("Who runs the wiki?\n\nOurs.", "UBOB")
        ts = await teacher.say("Kimura &amp; Sato do.", "UADMIN", thread_ts=root)
        await teacher.shortcut(ts)
        view = await teacher.form()
        empty = await teacher.submit(view, instruction="")
        assert not await teacher.submit(view, instruction="Who runs our wiki?")
        [row] = await teacher.rows(1)
        await teacher.told("this answer is proposed", "UALICE")
        message = await teacher.answered("Who?", WRONG)
        await teacher.shortcut(message["ts"])
        await teacher.told("Only what a person wrote", "UALICE")

    assert shown_in(view) == {
        "instruction": "Who runs the wiki?",
        "input": "Ours.",
        "output": "Kimura & Sato do.",
    }
    assert set(empty) == {"instruction"}
    assert (row.kind, row.instruction, row.output) == (
        "taught",
        "Who runs our wiki?",
        "Kimura & Sato do.",
    )
    assert (row.author, row.others) == ("UALICE", ("UADMIN", "UBOB"))


async def test_a_form_is_its_openers_alone(serve: Serve, teacher: Teacher) -> None:
    async with serve(feedback="on"):
        message = await teacher.answered("Who runs the wiki?", WRONG)
        await teacher.correct(message)
        view = await teacher.form()
        shown = teacher.workspace.views.form_of("UALICE")
        assert shown
        stolen = teacher.workspace.views.open("UBOB", {**shown, "external_id": ""})
        late = await teacher.submit(stolen, "UBOB", output=RIGHT)

    assert view["private_metadata"]
    assert "too old" in late["output"]
    assert teacher.feedback.rows() == []


async def test_where_the_bot_does_not_serve_nothing_is_collected(
    serve: Serve, teacher: Teacher
) -> None:
    async with serve(feedback="on", channels="CRANDOM"):
        ts = await teacher.say("Kimura does.", "UBOB")
        await teacher.shortcut(ts)
        await teacher.told("not collected in this channel", "UALICE")


def test_a_form_does_not_correct_another_answer_than_it_shows(redis: Redis) -> None:
    """The question was edited and answered anew while the form was open."""
    jobs = Jobs(redis, keep_ms=60_000, queue_limit=5)
    bot: Any = SimpleNamespace(
        jobs=jobs,
        task_settings=SimpleNamespace(feedback="on"),
        settings=SimpleNamespace(answers_in=lambda channel, dm: True),
        language_of_job=lambda job: "en",
    )
    actor = Actor("UBOB", "T", "C1", dm=False)
    where = {"channel": "C1", "user": "UALICE"}
    jobs.create("a", "answer", destination=where, asked={"text": "one"})

    def answer(question: str, text: str) -> None:
        jobs.enqueue("a", {"instruction": question})
        attempt = jobs.claim("a", "w")
        assert attempt
        jobs.append("a", attempt, "text", {"text": text})
        jobs.finish("a", attempt, "finished", {})

    answer("one", WRONG)
    opened = begin_correction(bot, actor, "a")
    jobs.revise("a", {"text": "two", "edited": "2.0"}, "2.0")
    answer("two", "Two.")
    with pytest.raises(CannotAct):
        propose_correction(bot, actor, opened.draft, Texts("one", "", RIGHT), "form")
    opened = begin_correction(bot, actor, "a")
    row = propose_correction(bot, actor, opened.draft, Texts("two", "", RIGHT), "form")

    assert row.rejected == "Two."
