"""A training in its channel: one edited message, each milestone once, and the end."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.delivery import direct_fallback, retry
from bot.slack.actor import Actor
from bot.slack.blocks import sentence
from bot.trainings.plan_decision import store_training
from tasks.broker.jobs import Jobs
from tasks.settings import Settings, checked
from tasks.trainings.resumable import resumable
from tests.bot.conftest import Json, Person, Serve, until
from trainer.training_folder import RemovedRows, Training

PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d"
        "49444154789c6360000002000001e221bc330000000049454e44ae426082"
    )
).decode()

SNAPSHOT: Json = {
    "phase": "training",
    "training": "t1",
    "output": "output",
    "steps": 8,
    "step": 0,
    "part": 0.0,
    "loss": None,
    "validation_loss": 2.5,
    "tokens_per_second": 123.4,
    "seconds_left": 3725.0,
    "checkpoint_step": None,
    "resumed_step": None,
    "attempt": 1,
    "held": False,
}

FINISHED: Json = {
    "training": "t1",
    "output": "output",
    "verdict": "better",
    "summary": "Better.",
    "evaluation": {
        "verdict": "better",
        "rows": 25,
        "tokens": 1234,
        "before": {"loss": 2.5, "bits_per_byte": 1.0, "question_helps": 0.1},
        "after": {"loss": 2.1, "bits_per_byte": 0.9, "question_helps": 0.2},
        "loss": {"value": -0.4, "low": -0.5, "high": -0.3},
        "question": {"value": 0.1, "low": 0.05, "high": 0.15},
    },
    "answers": [
        {
            "instruction": "Name three colours.",
            "input": "",
            "base": "Red <!channel>",
            "adapter": "Blue, " * 400,
        },
        {"instruction": "日本で一番高い山は？", "input": "資料", "base": "", "adapter": "富士山"},
    ],
    "seconds": 754.0,
    "curve": PNG,
}


class Trainer:
    """Acts as the worker that trains."""

    def __init__(self, jobs: Jobs, id: str = "t1") -> None:
        self.jobs, self.id = jobs, id
        self.attempt = 0

    def ask(self, channel: str = "CGENERAL") -> None:
        actor = Actor("UADMIN", "TLOCAL", channel, dm=False)
        request = {"training": "t1", "resume": False, "options": {"num_epochs": 1}}
        assert store_training(self.jobs, self.id, actor, "epochs=1", request) == "created"

    async def claim(self) -> None:
        async def look() -> int | None:
            return self.jobs.claim(self.id, "worker")

        self.attempt = await until(look, "a training that waits")

    def progress(self, **changes: Any) -> None:
        data = {**SNAPSHOT, "attempt": self.attempt, **changes}
        assert self.jobs.record_progress(self.id, self.attempt, data)

    def die(self) -> None:
        assert self.jobs.requeue(self.id, self.attempt)

    def end(self, ending: Any, data: Mapping[str, Any]) -> None:
        assert self.jobs.finish(self.id, self.attempt, ending, data)


@pytest.fixture
def trainer(jobs: Jobs) -> Trainer:
    return Trainer(jobs)


async def over(jobs: Jobs) -> None:
    """Wait until every claim is completed: nothing more will be posted."""

    async def look() -> bool:
        return jobs.redis.xlen("swallow:relay") == 0

    await until(look, "the end of all claims")


async def thread(person: Person, channel: str = "CGENERAL") -> list[str]:
    (message,) = await person.messages(channel)
    return [reply["text"] for reply in await person.replies(message["ts"], channel)]


async def test_a_training_is_one_message_from_the_line_to_its_verdict(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    async with serve():
        trainer.ask()
        waiting = await person.sees("Training waits")
        assert "Waiting for a training worker" in waiting["text"]
        await trainer.claim()
        trainer.progress(phase="measuring", validation_loss=None)
        await person.sees("Measuring the base model")
        trainer.progress(step=3, part=0.5, loss=2.34567, held=True)
        moving = await person.sees("step 3/8")
        trainer.end("finished", FINISHED)
        await person.sees("Better than the base model")
        await over(jobs)

    for shown in ("44%", "loss 2.346", "validation loss 2.500", "123 tokens/s", "1 h 2 min left"):
        assert shown in moving["text"]
    assert "standing still while a question is answered" in moving["text"]
    cancel = moving["blocks"][-1]["elements"][0]
    assert cancel["action_id"] == "cancel_training"
    assert cancel["confirm"]["style"] == "danger"

    (message,) = await person.messages()
    assert "held-out loss 2.500 → 2.100" in message["text"]
    assert "95 % interval −0.500 to −0.300" in message["text"]
    assert "Took 12 min 34 s" in message["text"]
    assert message["blocks"][-1]["elements"][0]["action_id"] == "use_adapter"

    started, quarter, ended, sides, picture = await person.replies(message["ts"])
    assert started["text"] == "The training has started."
    assert quarter["text"].startswith("25 % done")
    assert "Better" in ended["text"]
    assert picture["files"][0]["mimetype"] == "image/png"
    fields = [field["text"] for block in sides["blocks"] for field in block.get("fields", ())]
    assert fields[0] == "*Base model*\nRed &lt;!channel&gt;"
    assert fields[1].endswith("…")
    assert fields[2:] == ["*Base model*\n(no answer)", "*output*\n富士山"]


async def test_edits_keep_their_distance(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    edits: list[str] = []

    def notice(event: Any) -> None:
        if event.kind == "changed":
            edits.append(event.data["message"]["text"])

    person.workspace.page_events.watch(notice)
    async with serve(progress_seconds="3600"):
        trainer.ask()
        await person.sees("Training waits")
        await trainer.claim()
        for step in range(8):
            trainer.progress(step=step)
        message = (await person.messages())[0]
        await person.sees_reply(message["ts"], "75 % done")  # milestones do not wait
        assert edits == []
        trainer.end("finished", {**FINISHED, "curve": "", "answers": []})
        await person.sees("Training finished")
        await over(jobs)

    assert len(edits) == 1


async def test_milestones_are_said_once_whatever_restarts(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    async with serve():
        trainer.ask()
        await trainer.claim()
        trainer.progress(step=2, loss=2.4)
        message = await person.sees("step 2/8")
        await person.sees_reply(message["ts"], "25 % done")
    async with serve():
        trainer.die()
        await trainer.claim()
        trainer.progress(step=2, resumed_step=2)
        await person.sees_reply(message["ts"], "Resumed at step 2")
        trainer.progress(step=4, resumed_step=2)
        await person.sees_reply(message["ts"], "50 % done")
    # As after a crash between posting a milestone and writing it into the journal.
    job = jobs.get("t1")
    assert job is not None
    said = list(job.posts["milestones"])
    posts = {**job.posts, "milestones": said[:-1], "milestone": said[-1]}
    assert jobs.record_posts("t1", posts, follower=job.follower)
    async with serve():
        trainer.progress(step=5, resumed_step=2)
        await person.sees("step 5/8")
        trainer.end("cancelled", {"by": "UADMIN", "training": "t1", "checkpoint_step": 4})
        await over(jobs)

    texts = await thread(person)
    assert [text.partition(" (")[0] for text in texts] == [
        "The training has started.",
        "25 % done",
        "Resumed at step 2.",
        "50 % done",
        "Cancelled by <@UADMIN>.",
    ]
    (final,) = await person.messages()
    assert "`/swallow-train resume t1` goes on from the checkpoint at step 4" in final["text"]


async def test_a_resumed_training_does_not_repeat_the_quarters_of_the_first(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    async with serve():
        trainer.ask()
        await trainer.claim()
        trainer.progress(step=4, resumed_step=4)
        await person.sees("step 4/8")
        trainer.progress(step=7, resumed_step=4)
        await person.sees("step 7/8")
        trainer.end(
            "failed", {"reason": "training", "detail": "The disk is <full>.", "training": "t1"}
        )
        await over(jobs)

    texts = await thread(person)
    assert [text.partition(" (")[0] for text in texts] == [
        "Resumed at step 4.",
        "75 % done",
        "The training failed. The disk is &lt;full&gt;.",
    ]


async def test_a_training_is_handed_over_again_where_the_broker_has_forgotten_it(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    async with serve():
        trainer.ask()
        await person.sees("Waiting for a training worker")
        jobs.redis.hset("swallow:job:t1", "state", "new")
        jobs.redis.hdel("swallow:job:t1", "request")
        await trainer.claim()
        trainer.end("finished", FINISHED)
        await over(jobs)

    (final,) = await person.messages()
    assert "Better than the base model" in final["text"]


async def test_a_deleted_message_is_made_anew(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    async with serve():
        trainer.ask()
        await trainer.claim()
        trainer.progress(step=1)
        first = await person.sees("step 1/8")
        await person.client.chat_delete(channel="CGENERAL", ts=first["ts"])
        trainer.progress(step=3)
        second = await person.sees("step 3/8")
        trainer.end("finished", FINISHED)
        await person.sees("Training finished")
        await over(jobs)

    assert second["ts"] != first["ts"]
    bots = [m for m in await person.messages() if m["user"] == "UBOT"]
    assert [m["ts"] for m in bots] == [second["ts"]]


async def test_an_archived_channel_moves_it_into_a_direct_message(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    async with serve():
        trainer.ask("CRANDOM")
        await trainer.claim()
        trainer.progress(step=1)
        message = await person.sees("step 1/8", "CRANDOM")
        await person.sees_reply(message["ts"], "The training has started", "CRANDOM")
        await person.local("faults", {"archived": ["CRANDOM"]})
        trainer.progress(step=4)
        moved = await person.sees("step 4/8", "DADMIN")
        trainer.end("finished", FINISHED)
        await person.sees("Training finished", "DADMIN")
        await over(jobs)

    assert "asked in <#CRANDOM>, where I cannot post any more" in moved["text"]
    texts = await thread(person, "DADMIN")
    assert "50 % done" in texts[0]
    assert len(texts) == 4  # half, verdict, answers, picture
    assert len(await person.messages("CRANDOM")) == 1


async def test_a_direct_message_that_cannot_be_opened_for_now_is_tried_again(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_fallback, "RETRY_SECONDS", (0.01,))
    person.workspace.faults.set(
        {"archived": ["CRANDOM"], "errors": {"conversations.open": 3}}  # and the client's retries
    )
    async with serve():
        trainer.ask("CRANDOM")
        await trainer.claim()
        trainer.end("finished", {**FINISHED, "curve": "", "answers": []})
        await person.sees("Training finished", "DADMIN")
        await over(jobs)


@pytest.mark.parametrize("hours_ahead", [0, 9])
async def test_an_answer_of_slack_that_got_lost_makes_no_second_message(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer, hours_ahead: int
) -> None:
    """Neither does it where the broker's host takes the time of Japan for UTC."""
    person.workspace.faults.set({"lose_response": {"chat.postMessage": 1}})
    trainer.ask()
    jobs.redis.hincrby("swallow:job:t1", "created", hours_ahead * 3_600_000)
    async with serve():
        await trainer.claim()
        trainer.progress(step=1)
        await person.sees("step 1/8")
        trainer.end("finished", {**FINISHED, "curve": "", "answers": []})
        await person.sees("Training finished")
        await over(jobs)

    assert len(await person.messages()) == 1


async def test_cancel_is_for_admins_and_ends_what_waits_at_once(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer, audit: Callable[[], list[Json]]
) -> None:
    async with serve():
        trainer.ask()
        message = await person.sees("Training waits")
        await person.press(message, "cancel_training", user="UBOB")
        await person.told("Only admins", "UBOB")
        await person.press(message, "cancel_training")
        await person.told("is told to stop")
        await person.sees("Cancelled by <@UADMIN>")
        await over(jobs)

    assert [(line["who"], line["outcome"]) for line in audit()] == [
        ("UBOB", "refused"),
        ("UADMIN", "done"),
    ]


async def test_two_trainings_are_told_apart_by_their_ids(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer
) -> None:
    async with serve():
        trainer.ask()
        await trainer.claim()
        trainer.progress(step=3, loss=2.0)
        second = Trainer(jobs, "t2")
        second.ask()
        await person.sees("Waiting in line: 1 ahead")
        await person.command("/swallow-train status")
        status = await person.told("`t2`")
        await person.command("/swallow-train cancel")
        await person.told("say which by its id")
        await person.command("/swallow-train cancel t2")
        await person.told("Training `t2` is told to stop")

    assert "`t1` *output* — step 3/8 · loss 2.000" in status
    assert jobs.get("t2").state == "cancelled"  # type: ignore[union-attr]


async def test_a_final_message_that_slack_never_takes_becomes_a_plain_one(
    serve: Serve, person: Person, jobs: Jobs, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.01,))
    monkeypatch.setattr("bot.trainings.follower.final_card", _too_long)
    async with serve():
        trainer.ask()
        await trainer.claim()
        trainer.end("finished", {**FINISHED, "curve": "", "answers": []})
        await person.sees("Slack would not show its result")
        await over(jobs)


def _too_long(*_: Any) -> Any:
    return sentence("x" * 5000)


async def test_nothing_to_cancel_or_resume_is_said(serve: Serve, person: Person) -> None:
    async with serve():
        await person.command("/swallow-train cancel")
        await person.told("There is no training to cancel")
        await person.command("/swallow-train resume")
        await person.told("There is no training to resume")
        await person.command("/swallow-train status")
        await person.told("No training runs or waits")


async def test_a_stopped_training_is_resumed_by_a_job_of_its_own(
    serve: Serve, person: Person, jobs: Jobs, home: Path, audit: Callable[[], list[Json]]
) -> None:
    folder = home / "trainings" / "0123456789abcdef"
    folder.mkdir(parents=True)
    fixed = {"output": "/somewhere/faq", "steps": 8, "options": {}}
    given_up = Training(home / "trainings" / "given-up")
    given_up.folder.mkdir()
    given_up.write_settings(fixed)
    given_up.give_up(RemovedRows(2, "UBOB"))
    (folder / "options.json").write_text(json.dumps(fixed), "utf-8")
    async with serve():
        await person.command("/swallow-train resume nothing")
        known = await person.told("Training `nothing` cannot be resumed")
        await person.command("/swallow-train resume given-up")
        await person.told("<@UBOB> removed 2 of the rows that this training learns from")
        await person.command("/swallow-train resume")
        await person.told("The training of *faq* goes on")
        message = await person.sees("Training waits")

    assert "`0123456789abcdef` (faq, 0/8)" in known
    assert "given-up" not in known
    assert "faq" in message["text"]
    (job,) = jobs.open("train")
    assert job.request["training"] == folder.name
    assert job.request["resume"] is True
    assert [line["outcome"] for line in audit()] == ["failed", "failed", "done"]


async def test_a_training_is_not_resumed_twice_nor_while_it_runs_at_a_terminal(
    jobs: Jobs, home: Path
) -> None:
    for name in ("asked", "running", "left"):
        Training(home / "trainings" / name).folder.mkdir(parents=True)
        Training(home / "trainings" / name).write_settings({"output": name, "steps": 8})
    actor = Actor("UADMIN", "T1", "CGENERAL", dm=False)
    # Stored and not yet handed to the workers.
    store_training(jobs, "j1", actor, "", {"training": "asked", "resume": True, "options": {}})

    with Training(home / "trainings" / "running").locked():
        found = resumable(checked(Settings), jobs)

    assert [one.training for one in found] == ["left"]
