"""`/swallow-train` alone: an admin fills in the form, which says at each field what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.trainings.asking.form import ADVANCED, BASIC, filled_in, form, typed_in
from bot.workspace.delivery.interaction_payloads import view_submission
from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tasks.trainings.dataset_rows import ListedDataset
from tests.bot.conftest import Json, Person, Serve, job_of, until
from trainer.planning.options import OPTIONS

HOSTILE = "<!channel> <@U123> <http://evil|click> @here **x**"


class Form:
    """The form that the admin has open."""

    def __init__(self, person: Person) -> None:
        self._person = person

    async def shown(self, *fields: str) -> Json:
        """Wait until the form has these fields, and return it."""

        async def look() -> Json | None:
            view: Json | None = (await self._person.look("view", user="UADMIN"))["view"]
            return view if view and set(fields) <= set(view["state"]["values"]) else None

        return await until(look, f"a form with {fields}")

    async def use(self, view: Json, do: str, typed: Json, **more: Any) -> Json:
        """Submit the form, or press in it, with values by the names of the fields."""
        values = {name: {name: _state(view, name, value)} for name, value in typed.items()}
        body = {"user": "UADMIN", "view_id": view["id"], "do": do, "values": values}
        return await self._person.local("view", body | more)


def _state(view: Json, name: str, value: str) -> Json:
    element = next(block["element"] for block in view["blocks"] if block["block_id"] == name)
    for option in element.get("options", ()):
        if option["value"] == value:
            return {"selected_option": option}
    return {"value": value}


@pytest.fixture
def datasets(home: Path) -> Path:
    folder = home / "datasets"
    folder.mkdir(parents=True)
    row = {"instruction": "question", "output": "answer"}
    (folder / "よくある質問.jsonl").write_text(json.dumps(row), encoding="utf-8")
    return folder


async def test_the_form_asks_for_the_training_that_a_command_would(
    serve: Serve, person: Person, jobs: Jobs, datasets: Path
) -> None:
    person.workspace.locales["UADMIN"] = "ja-JP"
    form = Form(person)
    async with serve(feedback="on"):
        await person.command("/swallow-train")
        view = await form.shown(*BASIC)
        data = view["blocks"][0]["element"]
        assert view["title"]["text"] == "アダプターの学習"
        assert data["initial_option"]["value"] == "sample"
        labels = [option["text"]["text"] for option in data["options"]]
        assert labels[1:] == ["feedback（0行）", "よくある質問（1行）"]

        typed = {"data": "よくある質問", "epochs": "3"}
        await form.use(view, "press", typed, action_id="advanced_training_options", value="more")
        view = await form.shown(*BASIC, *ADVANCED)
        kept = view["state"]["values"]
        assert kept["epochs"]["epochs"]["value"] == "3"
        assert kept["data"]["data"]["selected_option"]["value"] == "よくある質問"

        wrong = {"epochs": "٣", "output": HOSTILE, "lr": "nan", "data": "feedback"}
        refused = (await form.use(view, "submit", wrong))["errors"]
        assert refused.keys() == wrong.keys()
        assert "1から1000までの整数" in refused["epochs"]
        assert "まだありません" in refused["data"]
        assert refused["output"].startswith("半角の英数字と . _ - からなる")
        (datasets / "よくある質問.jsonl").rename(datasets / "faq.jsonl")
        typed |= {"output": " faq-2 ", "lr": "3e-4", "method": "dpo"}
        gone = (await form.use(view, "submit", typed))["errors"]
        assert gone == {
            "data": "データセット「よくある質問」がありません。使えるもの: faq, feedback, sample"
        }
        (datasets / "faq.jsonl").rename(datasets / "よくある質問.jsonl")

        assert (await form.use(view, "submit", typed))["view"] is None
        job = await job_of(jobs, "plan", "new", "queued")
        await person.told("学習の計画を立てています")

    wanted = {"data": "よくある質問", "num_epochs": 3, "output": "faq-2", "learning_rate": 3e-4}
    assert job.asked["options"] == wanted | {"method": "dpo"}
    assert job.asked["text"] == "data=よくある質問 epochs=3 output=faq-2 lr=3e-4 method=dpo"
    assert job.destination["channel"] == "CGENERAL"


async def test_a_form_that_comes_again_is_one_plan(
    serve: Serve, person: Person, workspace: Workspace, jobs: Jobs
) -> None:
    """Slack repeats what it heard no answer to."""
    answers: list[Json | None] = []

    async def answered() -> bool:
        return len(answers) == 2

    async with serve():
        await person.command("/swallow-train")
        view = await Form(person).shown(*BASIC)
        submission = view_submission("UADMIN", view, "1.1")
        for _ in range(2):
            workspace.envelopes.send_interaction("interactive", submission, answers.append)
        await until(answered, "two acknowledgements")
        await person.told("Working out the plan")
        await job_of(jobs, "plan", "new", "queued")
        assert len(await person.private()) == 1
    assert answers == [{}, {}]
    assert len(jobs.open("plan")) == 1


async def test_the_form_is_for_admins_and_opens_from_their_home_tab_too(
    serve: Serve, person: Person, audit: Callable[[], list[Json]], jobs: Jobs
) -> None:
    async with serve():
        await person.command("/swallow-train", user="UALICE")
        await person.told("Only admins may do this.", "UALICE")
        assert (await person.look("view", user="UALICE"))["view"] is None

        await person.look("home", "UADMIN")
        home = await until(lambda: _home(person), "the Home tab")
        press = {"user": "UADMIN", "view_id": home["id"], "do": "press"}
        await person.local("view", {**press, "action_id": "home_train", "value": "train"})
        form = Form(person)
        await form.use(await form.shown(*BASIC), "submit", {})
        job = await job_of(jobs, "plan", "new", "queued")
    assert (job.destination["channel"], job.destination["dm"]) == ("DADMIN", True)
    refused = {"action": "train plan", "who": "UALICE", "outcome": "refused"}
    assert refused.items() <= audit()[0].items()


async def _home(person: Person) -> Json | None:
    view = person.workspace.views.home_of("UADMIN")
    return dict(view) if view and "home_train" in json.dumps(view) else None


def test_every_option_of_a_command_has_a_field() -> None:
    view = form("C1", [ListedDataset("", "x" * 100, 1_234_567)], "en", advanced=True)
    fields = {block["block_id"] for block in view["blocks"]}
    assert fields == {"data", "output"} | {spec.chat_name for spec in OPTIONS if spec.chat_name}
    (label,) = (one["text"]["text"] for one in view["blocks"][0]["element"]["options"])
    assert len(label) == 75
    assert label.endswith("… (1,234,567 rows)")


@pytest.mark.parametrize(
    "state", [None, [], {"values": {"data": []}}, {"values": {"epochs": {"epochs": 3}}}]
)
def test_what_is_not_a_form_asks_for_the_default(state: Any) -> None:
    typed = typed_in({"state": state})
    assert typed == {}
    assert filled_in(typed, "en")[0].options == {}
