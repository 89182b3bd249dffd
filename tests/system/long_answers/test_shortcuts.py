"""The shortcuts of a message, answered by the real model, whoever is killed or closes the form."""

import json
from typing import Any
from urllib.request import Request, urlopen

from tests.patience import SECONDS, until
from tests.system.workspace import System, Workspace

TEXT = "The office moves on Friday. Please pack your desk on Thursday and take your plants home."


def form_of(workspace: Workspace, user: str = "UALICE") -> dict[str, Any]:
    """Return the form that a person has open; empty where there is none."""
    address = Request(f"{workspace.url}/local/view", headers=workspace.bearer(user))
    with urlopen(address, timeout=SECONDS) as response:
        view: dict[str, Any] = json.load(response)["view"] or {}
    return view


def ask(workspace: Workspace, question: str) -> str:
    """Ask about a message in a form, as Alice; returns the message when the answer has begun."""
    ts = workspace.say(TEXT, user="UBOB")
    about = {"channel": workspace.channel("general"), "ts": ts, "user": "UALICE"}
    workspace.local("shortcut", callback_id="ask_about_message", **about)
    until(lambda: form_of(workspace).get("callback_id") == "shortcut_question")
    typed = {"question": {"question": {"type": "plain_text_input", "value": question}}}
    use(workspace, "submit", values=typed)
    until(lambda: "stop_answer" in str(form_of(workspace)))
    return ts


def use(workspace: Workspace, do: str, **more: Any) -> None:
    """Submit or close the form, or press something in it."""
    view = form_of(workspace)["id"]
    assert workspace.local("view", user="UALICE", view_id=view, do=do, **more)["ok"]


def direct(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what the bot has told Alice in direct messages about shortcuts."""
    messages = workspace.history(workspace.direct("UALICE"))
    return [m for m in messages if TEXT[:16] in str(m["text"])]


def test_a_killed_bot_completes_the_same_form(system: System, workspace: Workspace) -> None:
    ts = ask(workspace, "Write a very long story about it.")
    view = form_of(workspace)["id"]

    system.kill("bot")

    until(lambda: "share_answer" in str(form_of(workspace)), system.log_text)
    assert form_of(workspace)["id"] == view
    assert direct(workspace) == []
    assert workspace.bot_messages(ts) == []
    use(workspace, "close")


def test_a_form_that_is_closed_early_is_answered_once_in_a_direct_message(
    system: System, workspace: Workspace
) -> None:
    ts = ask(workspace, "Write a very long story about a desk.")

    use(workspace, "close")

    until(lambda: bool(direct(workspace)), system.log_text)
    until(lambda: not system.jobs.redis.xlen("swallow:relay"))
    assert len(direct(workspace)) == 1
    assert workspace.bot_messages(ts) == []
    assert form_of(workspace) == {}
