"""An adapter that answers worse says so first, and is used at the second press."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.evaluation_text import conclusion
from bot.adapters.worse import USE_ANYWAY_ACTION
from bot.i18n.lookup import Language
from bot.trainings.final_card import final_card
from tasks.broker.jobs import ADAPTER, Jobs
from tasks.broker.workers import Worker, Workers
from tests.bot.conftest import Json, Person, Serve, until
from tests.bot.trainings.test_follower import FINISHED
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.adapter import read

MARKS = {"corrections": 9, "learned": 9, "reworded": 7, "others": 24, "unchanged": 12}


@pytest.mark.parametrize(
    ("changes", "language", "lines"),
    [
        (
            {"learned": 7, "reworded": 7, "unchanged": 23},
            "en",
            [
                "Better than the base model.",
                "7 of 9 corrections learned, also when asked in other words.",
                "23 of 24 other answers unchanged or better.",
            ],
        ),
        (
            {"learned": 0, "reworded": 0, "others": 0, "unchanged": 0},
            "en",
            ["No clear difference to the base model.", "None of 9 corrections learned."],
        ),
        (
            {"others": 0, "unchanged": 0},
            "ja",
            [
                "元のモデルより良くなりました。",
                "直した9件のうち9件を覚えました（そのうち7件は言い換えて聞いても同じです）。",
                "ほかの質問は試していないため、忘れたことがあるかどうかは分かりません。",
            ],
        ),
        (
            {},
            "ja",
            [
                "元のモデルより悪くなりました。使わないことをお勧めします。",
                "直した9件のうち9件を覚えました（そのうち7件は言い換えて聞いても同じです）。",
                "ほかの24件のうち12件の答えは、前と同じか良くなりました。",
            ],
        ),
    ],
)
def test_the_verdict_comes_first_and_two_numbers_after_it(
    changes: dict[str, int], language: Language, lines: list[str]
) -> None:
    about = {"evaluation": FINISHED["evaluation"], "exam": MARKS | changes}

    assert conclusion(about, language) == lines
    card = final_card("finished", {**FINISHED, **about}, "output", language)
    assert card.text.split("\n")[1 : 1 + len(lines)] == lines


def second_press(message: Json) -> Json:
    return next(
        element
        for block in message["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == USE_ANYWAY_ACTION
    )


@pytest.fixture
def worse(home: Path, jobs: Jobs) -> Path:
    Workers(jobs.redis).announce(Worker("a", ("answers",), "ready", model="tiny"))
    return write_adapter(home / "adapters" / "output", exam=MARKS)


async def test_it_is_used_at_the_second_press_only(
    serve: Serve, person: Person, jobs: Jobs, worse: Path, audit: Callable[[], list[Json]]
) -> None:
    async with serve(language="en"):
        await person.command("/swallow-adapter use output")
        told = await person.told("not in use yet")
        assert "Worse than the base model" in told
        assert "12 of 24 other answers unchanged or better" in told
        assert jobs.redis.get(ADAPTER) is None
        (message,) = await person.private_messages("UADMIN")
        assert second_press(message)["style"] == "danger"
        await person.press(message, USE_ANYWAY_ACTION)
        await person.sees("I answer with the adapter")
        await person.press(message, USE_ANYWAY_ACTION)
        await until_audited(audit, 3)

    assert jobs.redis.get(ADAPTER) == f"output@{read(worse).digest}"
    assert [(line["action"], line["outcome"]) for line in audit()] == [
        ("adapter use", "refused"),
        ("adapter use anyway", "done"),
        ("adapter use anyway", "done"),
    ]


async def test_a_second_press_counts_for_the_adapter_that_was_asked_about(
    serve: Serve, person: Person, jobs: Jobs, worse: Path
) -> None:
    async with serve(language="en"):
        await person.command("/swallow-adapter use output here")
        await person.told("not in use yet")
        (message,) = await person.private_messages("UADMIN")
        config = json.loads((worse / "adapter_config.json").read_text("utf-8"))
        (worse / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 5}), "utf-8")
        await person.press(message, USE_ANYWAY_ACTION, user="UADMIN")
        await person.told("was replaced after you were asked")

    assert jobs.redis.get(ADAPTER) is None


async def until_audited(audit: Callable[[], list[Json]], count: int) -> None:
    async def look() -> bool:
        return len(audit()) >= count

    await until(look, "the audit log's lines")
