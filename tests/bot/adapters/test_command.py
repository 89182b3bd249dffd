"""`/swallow-adapter` in a channel, and the button that uses what was trained."""

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from tasks.adapters.in_use import AdaptersInUse
from tasks.broker.job import Job
from tasks.broker.jobs import ADAPTER, Jobs
from tasks.broker.workers import Worker, Workers
from tasks.home_id import home_id
from tests.bot.conftest import Json, Person, Serve, job_of, until
from tests.bot.trainings.test_follower import FINISHED, Trainer
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import ABOUT, CONFIG, WEIGHTS


@pytest.fixture
def adapter(home: Path) -> Callable[..., Path]:
    """Write a valid adapter with an evaluation."""

    def write(name: str = "output") -> Path:
        folder = home / "adapters" / name
        folder.mkdir(parents=True)
        config = {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"]}
        (folder / CONFIG).write_text(json.dumps(config), "utf-8")
        header = b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
        weights = struct.pack("<Q", len(header)) + header + bytes(4)
        (folder / WEIGHTS).write_bytes(weights)
        about = {
            "base_model": "Base-7b",
            "date": "2026-11-24T10:00:00+0900",
            "data": {"name": "sample"},
            "evaluation": FINISHED["evaluation"],
        }
        (folder / ABOUT).write_text(json.dumps(about), "utf-8")
        return folder

    return write


def played(jobs: Jobs, job: Job, text: str) -> None:
    """Act as the worker: answer a question."""
    attempt = jobs.claim(job.id, "worker")
    assert attempt
    jobs.append(job.id, attempt, "text", {"text": text})
    data = {
        "model": "Base-7b",
        "adapter": job.adapter,
        "tokens": 3,
        "seconds": 1.0,
        "tokens_per_second": 4.0,
        "finish": "stop",
    }
    jobs.finish(job.id, attempt, "finished", data)


async def test_a_bot_without_the_home_refuses_what_needs_its_files_and_names_the_host(
    serve: Serve, person: Person, jobs: Jobs, adapter: Callable[..., Path], home: Path
) -> None:
    adapter()
    elsewhere = Worker("t", ("training",), "ready", home="another", host="big-machine")
    Workers(jobs.redis).announce(elsewhere)
    commands = ["adapter use output", "adapter list", "adapter show output"]
    commands += ["adapter remove output", "adapter compare output Why?", "train resume"]

    async def all_refused() -> bool:
        refused = [text for text in await person.private() if "they are on big-machine" in text]
        return len(refused) == len(commands)

    async with serve(language="en"):
        for command in commands:
            await person.command(f"/swallow-{command}")
        await until(all_refused, "a refusal of each command")
        Workers(jobs.redis).announce(replace(elsewhere, home=home_id(home)))
        await person.command("/swallow-adapter list")
        await person.told("Adapters (1)")

    assert jobs.redis.get(ADAPTER) is None


async def test_use_tells_everybody_what_the_evaluation_found_and_off_takes_it_back(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    adapter: Callable[..., Path],
    audit: Callable[[], list[Json]],
) -> None:
    digest = read(adapter()).digest
    async with serve():
        await person.command("/swallow-adapter use output")
        used = await person.sees("From the next question on I answer with the adapter *output*")
        assert jobs.redis.get(ADAPTER) == f"output@{digest}"
        await person.command("/swallow-adapter list")
        listed = await person.told("Adapters (1)")
        await person.command("/swallow-adapter off")
        await person.sees("From the next question on I answer with the base model")
        await person.command("/swallow-adapter off")
        await person.told("No adapter is in use")

    assert "Better than the base model" in used["text"]
    assert "held-out loss 2.500 → 2.100" in used["text"]
    assert "in use — better · rank 8 · Base-7b · 2026-11-24" in listed
    assert jobs.redis.get(ADAPTER) is None
    assert [(line["action"], line["outcome"]) for line in audit()] == [
        ("adapter use", "done"),
        ("adapter list", "done"),
        ("adapter off", "done"),
        ("adapter off", "failed"),
    ]


async def test_a_channel_has_an_adapter_of_its_own_until_it_is_off_there(
    serve: Serve, person: Person, jobs: Jobs, adapter: Callable[..., Path], redis: Redis
) -> None:
    adapter()
    adapter("faq")
    async with serve():
        await person.command("/swallow-adapter use faq here")
        await person.sees("I answer in this channel with the adapter *faq*")
        await person.command("/swallow-adapter use output")
        used = await person.sees("I answer with the adapter *output*")
        await person.command("/swallow-adapter list", channel="CRANDOM")
        listed = await person.told("Adapters (2)", channel="CRANDOM")
        await person.command("/swallow-adapter list", user="UBOB")  # who is no admin
        await person.told("Adapters (2)", "UBOB")
        await person.command("/swallow-adapter remove faq", channel="CRANDOM")
        await person.told("*faq* is in use in <#CGENERAL>", channel="CRANDOM")
        await person.command("/swallow-adapter off", channel="CRANDOM")
        await person.sees("I answer with the base model", "CRANDOM")
        await person.command("/swallow-adapter off")
        await person.told("base model already. This channel keeps its own adapter *faq*")
        await person.command("/swallow-adapter off here")
        await person.sees("I answer in this channel with the base model, as elsewhere")
        await person.command("/swallow-adapter off here")
        await person.told("This channel has no adapter of its own")

    assert "This channel keeps its own adapter *faq*" in used["text"]
    assert listed.endswith("Channels with an adapter of their own:\n• <#CGENERAL> — *faq*")
    assert AdaptersInUse(redis).references() == set()


async def test_direct_messages_have_no_adapter_of_their_own(
    serve: Serve, person: Person, adapter: Callable[..., Path], redis: Redis
) -> None:
    adapter()
    async with serve():
        for command in ("use output here", "off here"):
            await person.command(f"/swallow-adapter {command}", channel="DADMIN")

        async def refused_twice() -> bool:
            told = await person.private(channel="DADMIN")
            return len([text for text in told if "which use the adapter for all" in text]) == 2

        await until(refused_twice, "two refusals")

    assert AdaptersInUse(redis).references() == set()


async def test_show_and_remove(
    serve: Serve, person: Person, adapter: Callable[..., Path], audit: Callable[[], list[Json]]
) -> None:
    folder = adapter()
    async with serve():
        await person.command("/swallow-adapter show output")
        shown = await person.told("*output*")
        await person.command("/swallow-adapter remove output")
        await person.sees("removed the adapter *output*")

    for words in ("Base-7b", "rank 8", "alpha 16", "q_proj", "sample", "1,234 tokens"):
        assert words in shown
    assert not folder.exists()


async def test_strangers_and_unusable_adapters_change_nothing(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    adapter: Callable[..., Path],
    home: Path,
    audit: Callable[[], list[Json]],
) -> None:
    adapter()
    pickled = adapter("pickled")
    (pickled / WEIGHTS).write_bytes(b"\x80\x04.")
    (home / "adapters" / "link").symlink_to(home)
    async with serve():
        await person.command("/swallow-adapter use output", user="UALICE")
        await person.told("Only admins", "UALICE")
        await person.command("/swallow-adapter use pickled")
        await person.told("is not safetensors")
        await person.command("/swallow-adapter use link")
        await person.told("There is no adapter *link*; `/swallow-adapter list` shows")
        await person.command("/swallow-adapter use ../../etc")
        await person.told("a name of ASCII letters")

    assert jobs.redis.get(ADAPTER) is None
    assert await person.messages() == []
    assert [(line["who"], line["target"], line["outcome"]) for line in audit()] == [
        ("UALICE", "output", "refused"),
        ("UADMIN", "pickled", "refused"),
        ("UADMIN", "link", "refused"),
    ]


@pytest.mark.parametrize(
    "about",
    [
        {"evaluation": "<!channel>"},
        {"evaluation": {"rows": "<!here>", "before": {"loss": "<!here>"}, "after": {"loss": 1}}},
        {"evaluation": {"rows": 1, "tokens": 1, "before": 5, "after": []}},
        {"evaluation": ["better"], "data": "rows", "date": {"<!here>": 1}},
    ],
)
async def test_what_another_program_wrote_about_an_adapter_is_not_believed(
    serve: Serve,
    person: Person,
    adapter: Callable[..., Path],
    audit: Callable[[], list[Json]],
    about: Json,
) -> None:
    (adapter() / ABOUT).write_text(json.dumps({"base_model": "Base-7b", **about}), "utf-8")
    async with serve():
        await person.command("/swallow-adapter show output")
        shown = await person.told("base model: Base-7b")
        await person.command("/swallow-adapter use output")
        used = await person.sees("switched by <@UADMIN>")

    assert "<!" not in shown + used["text"]
    assert [line["outcome"] for line in audit()] == ["done", "done"]


async def test_an_unexpected_error_is_told_and_on_record(
    serve: Serve,
    person: Person,
    audit: Callable[[], list[Json]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tasks.adapters.registry.Registry.all", broken)
    async with serve():
        await person.command("/swallow-adapter list")
        await person.told("Something went wrong")

    assert [(line["outcome"], line["reason"]) for line in audit()] == [
        ("failed", "ZeroDivisionError")
    ]


async def test_the_button_under_a_training_uses_its_adapter(
    serve: Serve, person: Person, jobs: Jobs, adapter: Callable[..., Path]
) -> None:
    adapter()
    trainer = Trainer(jobs)
    async with serve():
        trainer.ask()
        await trainer.claim()
        trainer.end("finished", {**FINISHED, "curve": ""})
        message = await person.sees("Training finished")
        await person.press(message, "use_adapter", user="UBOB")
        await person.told("Only admins", "UBOB")
        await person.press(message, "use_adapter")
        await person.sees("switched by <@UADMIN>")

    assert str(jobs.redis.get(ADAPTER)).startswith("output@")


async def test_compare_lets_both_answer_the_same_question(
    serve: Serve, person: Person, jobs: Jobs, adapter: Callable[..., Path]
) -> None:
    digest = read(adapter()).digest
    async with serve():
        await person.command("/swallow-adapter compare output Who is <@UBOB>?\n\nI ask.")
        root = await person.sees("The base model and output compared")
        first = await job_of(jobs, "answer")
        second = await job_of(jobs, "answer", not_in=(first.id,))
        for job in (first, second):
            played(jobs, job, f"I am {job.adapter[:6] or 'the base'}.")
        await person.sees_reply(root["ts"], "I am the base.")
        await person.sees_reply(root["ts"], "I am output.")
        texts = [message["text"] for message in await person.replies(root["ts"])]
        footers = json.dumps(await person.replies(root["ts"]))

    request = {"instruction": "Who is @UBOB?\n\nI ask.", "input": "", "thread": []}
    assert {job.adapter: job.request for job in (first, second)} == {
        "": request,
        f"output@{digest}": request,
    }
    assert "<@UBOB>" not in root["text"]
    assert sorted(texts) == [
        "Adapter output:\nI am output.",
        "Base model:\nI am the base.",
    ]
    assert digest not in footers


async def test_help_in_japanese(serve: Serve, person: Person) -> None:
    async with serve(language="ja"):
        await person.command("/swallow-adapter", user="UALICE")
        told = await person.told("使い方", "UALICE")
        await person.command("/swallow-adapter 消す", user="UALICE")
        await person.told("`消す` というコマンドはありません", "UALICE")

    assert "/swallow-adapter compare 名前 質問" in told
