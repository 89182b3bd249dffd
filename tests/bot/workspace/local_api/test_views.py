"""Forms and Home tabs, with a real Bolt app that opens, answers and publishes them."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, Json, Local, soon


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(block_id: str, **element: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id),
        "element": {"type": "plain_text_input", "action_id": "text", **element},
    }


OPTIONS = [{"text": plain(name), "value": name} for name in ("training", "exam")]
USE = {
    "type": "input",
    "block_id": "use",
    "label": plain("use"),
    "element": {
        "type": "radio_buttons",
        "action_id": "use",
        "options": OPTIONS,
        "initial_option": OPTIONS[0],
    },
}
LOOK_UP = {
    "type": "actions",
    "block_id": "more",
    "elements": [
        {"type": "button", "action_id": "look_up", "text": plain("Look up"), "value": "row-1"}
    ],
}
FORM: Json = {
    "type": "modal",
    "callback_id": "correct_answer",
    "private_metadata": "job-1",
    "title": plain("Correct"),
    "submit": plain("Send"),
    "blocks": [
        field("question", initial_value="What is 1 + 1?"),
        field("answer", multiline=True, max_length=100),
        USE,
        LOOK_UP,
    ],
}


class Opener:
    """A Bolt app that opens `form` whenever a person runs /form, and notes what it hears."""

    def __init__(self, app: AsyncApp, form: Json) -> None:
        self.answer: Json = {}
        self.heard: list[Json] = []
        self.answers = 0

        @app.command("/form")
        async def run(ack: Any, command: Json, client: AsyncWebClient) -> None:
            await ack()
            await client.views_open(trigger_id=command["trigger_id"], view=form)

        async def hear(ack: Any, body: Json) -> None:
            self.heard.append(body)
            await ack(**self.answer)

        app.view("correct_answer")(hear)
        app.view_closed("correct_answer")(hear)
        app.action("look_up")(hear)


@pytest.fixture
def opener(app: AsyncApp) -> Opener:
    return Opener(app, FORM)


async def opened(local: Local, user: str = "UALICE") -> Json:
    """Run /form as a person and wait for the form."""
    await local("command", {"channel": "general", "user": user, "command": "/form"})
    while not (view := (await local("view", user=user))["view"]):
        pass
    form: Json = view
    return form


def texts(**values: str) -> Json:
    return {block_id: {"text": {"value": value}} for block_id, value in values.items()}


async def test_a_form_is_opened_filled_in_and_submitted(
    opener: Opener, app: AsyncApp, connect: Connect, local: Local
) -> None:
    async with connect(app):
        form = await opened(local)
        body = {"user": "UALICE", "view_id": form["id"], "do": "submit"}
        chosen = {"use": {"use": {"selected_option": {"value": "exam"}}}}
        done = await local("view", body | {"values": texts(answer="2") | chosen})
        again = await local("view", body)

    assert (done["ok"], done["view"], done["errors"]) == (True, None, {})
    assert again["error"] == "view_not_found"
    (submission,) = opener.heard
    assert (submission["type"], submission["user"]["id"]) == ("view_submission", "UALICE")
    view = submission["view"]
    assert (view["id"], view["private_metadata"]) == (form["id"], "job-1")
    assert view["state"]["values"] == {
        "question": {"text": {"type": "plain_text_input", "value": "What is 1 + 1?"}},
        "answer": {"text": {"type": "plain_text_input", "value": "2"}},
        "use": {"use": {"type": "radio_buttons", "selected_option": OPTIONS[1]}},
    }


async def test_what_is_missing_or_too_long_never_reaches_the_bot(
    opener: Opener, app: AsyncApp, connect: Connect, local: Local
) -> None:
    async with connect(app):
        form = await opened(local)
        body = {"user": "UALICE", "view_id": form["id"], "do": "submit"}
        empty = await local("view", body | {"values": texts(question=" ", answer="")})
        long = await local("view", body | {"values": texts(question="?", answer="a" * 101)})
        unknown = await local("view", body | {"values": texts(other="x")})
        choice = {"use": {"use": {"selected_option": {"value": "both"}}}}
        neither = await local("view", body | {"values": choice})

    assert set(empty["errors"]) == {"question", "answer"}
    assert long["errors"] == {"answer": "Write at most 100 characters."}
    assert long["view"]["state"]["values"]["question"]["text"]["value"] == "?"
    assert (unknown["status"], neither["status"]) == (400, 400)
    assert opener.heard == []


async def test_the_bots_errors_are_shown_and_what_was_written_stays(
    opener: Opener, app: AsyncApp, connect: Connect, local: Local
) -> None:
    opener.answer = {"response_action": "errors", "errors": {"answer": "That is the old answer."}}
    async with connect(app):
        form = await opened(local)
        body = {"user": "UALICE", "view_id": form["id"], "do": "submit"}
        refused = await local("view", body | {"values": texts(answer="3")})
        shown = await local("view", user="UALICE")
        opener.answer["errors"] = {"nothing": "There is no such field."}
        impossible = await local("view", body)

    assert refused["errors"] == shown["errors"] == {"answer": "That is the old answer."}
    assert shown["view"]["state"]["values"]["answer"]["text"]["value"] == "3"
    assert (impossible["ok"], impossible["error"]) == (False, "invalid_response")


async def test_a_submission_can_change_clear_or_stack_the_form(
    opener: Opener, app: AsyncApp, connect: Connect, local: Local
) -> None:
    after = FORM | {"title": plain("Sure?"), "blocks": [field("answer"), field("why")]}
    async with connect(app):
        form = await opened(local)
        body = {"user": "UALICE", "view_id": form["id"], "do": "submit"}
        opener.answer = {"response_action": "update", "view": after}
        updated = (await local("view", body | {"values": texts(answer="2")}))["view"]
        opener.answer = {"response_action": "push", "view": FORM}
        body["values"] = texts(why="I counted.")
        pushed = (await local("view", body))["view"]
        top = body | {"view_id": pushed["id"]}
        below = await local("view", top | {"do": "close", "values": None})
        opener.answer = {"response_action": "clear"}
        cleared = await local("view", body)

    assert (updated["id"], updated["title"]["text"]) == (form["id"], "Sure?")
    # What was written stays where a field is the same.
    assert updated["state"]["values"]["answer"]["text"]["value"] == "2"
    assert pushed["previous_view_id"] == pushed["root_view_id"] == form["id"]
    assert below["view"]["id"] == form["id"]
    assert cleared["view"] is None


async def test_a_closed_form_is_told_only_where_the_bot_wants_it(
    app: AsyncApp, connect: Connect, local: Local
) -> None:
    form = FORM | {"notify_on_close": True}
    opener = Opener(app, form)
    async with connect(app):
        first = await opened(local)
        await local("view", {"user": "UALICE", "view_id": first["id"], "do": "close"})
        await soon(lambda: opener.heard)
        form["notify_on_close"] = False
        second = await opened(local)
        closed = await local("view", {"user": "UALICE", "view_id": second["id"], "do": "close"})
        assert closed["view"] is None

    (body,) = opener.heard
    assert (body["type"], body["is_cleared"]) == ("view_closed", False)
    assert body["view"]["id"] == first["id"]


async def test_a_press_in_a_form_says_what_was_filled_in_so_far(
    opener: Opener, app: AsyncApp, connect: Connect, local: Local
) -> None:
    async with connect(app):
        form = await opened(local)
        press = {"user": "UALICE", "view_id": form["id"], "do": "press", "action_id": "look_up"}
        assert (await local("view", press | {"values": texts(answer="tw")}))["ok"]
        await soon(lambda: opener.heard)

    (body,) = opener.heard
    assert body["container"] == {"type": "view", "view_id": form["id"]}
    assert (body["actions"][0]["value"], "channel" in body) == ("row-1", False)
    assert body["view"]["state"]["values"]["answer"]["text"]["value"] == "tw"


async def test_nobody_uses_the_form_of_another(
    opener: Opener, app: AsyncApp, connect: Connect, local: Local
) -> None:
    async with connect(app):
        form = await opened(local)
        taken = await local("view", {"user": "UBOB", "view_id": form["id"], "do": "submit"})
        assert (await local("view", user="UBOB"))["view"] is None
    assert taken["error"] == "view_not_found"
    assert opener.heard == []


async def test_a_trigger_opens_one_form_within_three_seconds(
    bot: AsyncWebClient, workspace: Workspace
) -> None:
    trigger = workspace.triggers.issue("UALICE")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await bot.views_open(trigger_id=trigger, view=FORM | {"title": plain("x" * 25)})
    await bot.views_open(trigger_id=trigger, view=FORM)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await bot.views_open(trigger_id=trigger, view=FORM)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await bot.views_open(trigger_id="1.2.3", view=FORM)
    late = workspace.triggers.issue("UALICE")
    workspace.triggers.lifetime_seconds = 0
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await bot.views_open(trigger_id=late, view=FORM)


async def test_a_home_tab_is_published_when_it_is_opened_and_its_buttons_are_told_apart(
    app: AsyncApp, connect: Connect, local: Local
) -> None:
    heard: list[Json] = []

    def row(name: str) -> Json:
        button = {"type": "button", "action_id": "approve", "text": plain("OK"), "value": name}
        text = {"type": "mrkdwn", "text": name}
        return {"type": "section", "block_id": name, "text": text, "accessory": button}

    @app.event("app_home_opened")
    async def home_opened(event: Json, client: AsyncWebClient) -> None:
        heard.append(event)
        view = {"type": "home", "blocks": [row("row-1"), row("row-2")]}
        await client.views_publish(user_id=event["user"], view=view)

    @app.action("approve")
    async def approve(ack: Any, body: Json) -> None:
        await ack()
        heard.append(body)

    async with connect(app):
        while not (view := (await local("home", user="UADMIN"))["view"]):
            pass
        press = {"user": "UADMIN", "view_id": view["id"], "do": "press", "action_id": "approve"}
        assert (await local("view", press | {"value": "row-2"}))["ok"]
        forged = await local("view", press | {"value": "row-3"})
        await soon(lambda: len(heard) == 2)

    opened, pressed = heard
    assert (opened["user"], opened["channel"], opened["tab"]) == ("UADMIN", "DADMIN", "home")
    assert "view" not in opened
    assert pressed["view"]["type"] == "home"
    assert [a["block_id"] for a in pressed["actions"]] == ["row-2"]
    assert forged["error"] == "action_not_found"
    assert (await local("home", user="UALICE"))["view"] is None
