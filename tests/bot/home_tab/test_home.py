"""The Home tab: what answers and trains, a person's own questions, and what admins have beside."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from bot.home_tab import publisher
from bot.home_tab.publisher import HomeTabs
from bot.slack.actor import Actor
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tests.bot.conftest import Json, Person, Serve, until
from tests.bot.questions.test_follower import ask
from tests.bot.trainings.test_follower import Trainer
from tests.tasks.adapter_files import write_adapter


def elements(view: Json) -> list[Json]:
    """Every button of a view."""
    found: list[Any] = []
    for block in view["blocks"]:
        found += [*block.get("elements", []), block.get("accessory")]
    return [element for element in found if element and element["type"] == "button"]


async def test_the_tab_shows_what_goes_on_and_keeps_up_with_it(
    serve: Serve, person: Person, jobs: Jobs, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(publisher, "TURN_SECONDS", 0.1)
    person.workspace.locales["UALICE"] = "ja-JP"
    Workers(jobs.redis).announce(Worker("w", ("answers",), "ready", model="Swallow-7b"))
    write_adapter(home / "adapters" / "faq")
    trainer = Trainer(jobs)

    async def tab(user: str, *words: str) -> Json:
        async def look() -> Json | None:
            view = person.workspace.views.home_of(user)
            return view if view and all(word in str(view["blocks"]) for word in words) else None

        return await until(look, str(words))

    async with serve(language=""):
        for user in ("UADMIN", "UALICE"):
            await person.look("home", user)
        first = await tab("UADMIN", "Model: *Swallow-7b*", "0 being answered, 0 waiting")
        await ask(person, "think=off Who is <!channel>?")
        trainer.ask()
        await trainer.claim()
        trainer.progress(step=4, part=0)
        # Nobody opens the tab again: it is published because it has changed.
        admins = await tab("UADMIN", "0 being answered, 1 waiting", "██████████", "step 4/8")
        alices = await tab("UALICE", "モデル: *Swallow-7b*", "今日のあなたの質問", "██████████")
        await person.command("/swallow-adapter use gone")
        line = "<@UADMIN> adapter use gone — refused: There is no adapter"
        audit = await tab("UADMIN", line)
        person.workspace.locales["UBOB"] = "ja-JP"
        await person.command("/swallow-train status", user="UBOB")
        await tab("UADMIN", "<@UBOB> train status — refused: not an admin")

    labels = {element["text"]["text"] for element in elements(admins)}
    assert {"Use this adapter", "Cancel training"} <= labels
    assert not elements(alices)
    assert "• Who is @channel? — <#CGENERAL>・待機中" in str(alices["blocks"])
    assert f"{{date_num}} {{time}}|{time.strftime('%Y-%m-%d')}" in str(audit["blocks"])
    assert "`@swallow` とメンション" in str(alices["blocks"][0])
    assert "あなたの提案" not in str(alices["blocks"])  # feedback is not collected
    assert "What admins did lately" not in str(alices["blocks"])
    assert len(first["blocks"]) < len(admins["blocks"]) <= 100


async def test_of_two_views_on_their_way_to_slack_the_newer_one_arrives_last(
    serve: Serve, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrives = asyncio.Event()
    shown: list[Json] = []
    actor = Actor("UALICE", "T", "", dm=True)

    async def views_publish(*, user_id: str, view: Json) -> None:
        if not shown and not arrives.is_set():
            arrives.set()
            await asyncio.sleep(0.2)
        shown.append(view)

    async with serve() as bot:
        monkeypatch.setattr(bot.client, "views_publish", views_publish)
        tabs = HomeTabs(bot)
        first = asyncio.create_task(tabs.publish(actor))
        await arrives.wait()
        jobs.create("a", "answer", destination={"channel": "C1"}, asked={"text": "hi"})
        await asyncio.gather(first, tabs.publish(actor))

    assert "0 waiting" in str(shown[0])
    assert "1 waiting" in str(shown[1])
