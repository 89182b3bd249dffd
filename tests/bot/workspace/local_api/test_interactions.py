"""Slash commands and buttons, with a real Bolt app that answers them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.state.channels import channel_named
from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, Json, Local, soon

BUTTONS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {
                "type": "button",
                "action_id": "cancel",
                "text": {"type": "plain_text", "text": "Cancel"},
                "value": "job-1",
            }
        ],
    },
    {
        "type": "context_actions",
        "block_id": "f",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {
                    "text": {"type": "plain_text", "text": "Good"},
                    "value": "good",
                },
                "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
            }
        ],
    },
]


async def whispers(local: Local, user: str = "alice") -> list[str]:
    answer = await local("ephemeral", channel="general", user=user)
    return [message["text"] for message in answer["messages"]]


async def test_a_slash_command_is_answered_at_once_and_later(
    app: AsyncApp, connect: Connect, local: Local
) -> None:
    seen: list[Json] = []

    @app.command("/swallow-train")
    async def train(ack: Any, respond: Any, command: Json) -> None:
        seen.append(command)
        await ack(f"starting {command['text']}")
        await respond("started")
        await respond(text="for everybody", response_type="in_channel")

    body = {
        "channel": "general",
        "user": "alice",
        "command": "/swallow-train",
        "text": "epochs=1",
    }
    async with connect(app):
        assert (await local("command", body))["ok"]
        async with asyncio.timeout(30):
            while len(await whispers(local)) < 2:
                await asyncio.sleep(0.01)

    assert set(await whispers(local)) == {"starting epochs=1", "started"}
    assert await whispers(local, "bob") == []
    (command,) = seen
    assert (command["channel_id"], command["channel_name"]) == ("CGENERAL", "general")
    assert (command["user_id"], command["user_name"]) == ("UALICE", "alice")
    assert command["trigger_id"]


async def test_a_slash_command_nobody_acknowledges_says_so(
    app: AsyncApp, connect: Connect, local: Local, workspace: Workspace
) -> None:
    @app.command("/slow")
    async def slow(ack: Any) -> None:
        """Never acknowledges."""

    workspace.envelopes.ack_timeout = 0.05
    async with connect(app):
        await local("command", {"channel": "general", "user": "UALICE", "command": "/slow"})
        async with asyncio.timeout(30):
            while not await whispers(local):
                await asyncio.sleep(0.02)
    assert await whispers(local) == ["/slow failed with the error `operation_timeout`."]


async def test_a_pressed_button_can_replace_its_message(
    app: AsyncApp, connect: Connect, local: Local, bot: AsyncWebClient
) -> None:
    seen: list[Json] = []

    @app.action("cancel")
    async def cancel(ack: Any, respond: Any, body: Json) -> None:
        await ack()
        seen.append(body)
        await respond(text="cancelled", replace_original=True)

    ts = (await bot.chat_postMessage(channel="CGENERAL", text="running", blocks=BUTTONS))["ts"]
    press = {"channel": "general", "ts": ts, "user": "UBOB", "action_id": "cancel"}
    async with connect(app):
        assert (await local("action", press))["ok"]
        await soon(lambda: seen)
        async with asyncio.timeout(30):
            while True:
                history = await bot.conversations_history(channel="CGENERAL")
                if history["messages"][0]["text"] == "cancelled":
                    break

    (body,) = seen
    (action,) = body["actions"]
    assert (action["type"], action["value"], action["block_id"]) == ("button", "job-1", "b")
    assert body["user"]["id"] == "UBOB"
    assert body["container"]["message_ts"] == body["message"]["ts"] == ts
    assert body["channel"] == {"id": "CGENERAL", "name": "general"}
    assert "blocks" not in history["messages"][0]


async def test_a_thumb_tells_which_way_it_points(
    app: AsyncApp, connect: Connect, local: Local, bot: AsyncWebClient
) -> None:
    seen: list[Json] = []

    @app.action("feedback")
    async def feedback(ack: Any, action: Json) -> None:
        await ack()
        seen.append(action)

    ts = (await bot.chat_postMessage(channel="CGENERAL", text="x", blocks=BUTTONS))["ts"]
    press = {"channel": "CGENERAL", "ts": ts, "user": "UBOB", "action_id": "feedback"}
    async with connect(app):
        assert (await local("action", press | {"value": "bad"}))["ok"]
        await soon(lambda: seen)
        assert (await local("action", press | {"value": "so-so"}))["error"] == "action_not_found"
    assert (seen[0]["type"], seen[0]["value"]) == ("feedback_buttons", "bad")


async def test_an_icon_is_pressed_like_a_button(
    app: AsyncApp, connect: Connect, local: Local, bot: AsyncWebClient
) -> None:
    seen: list[Json] = []

    @app.action("remove")
    async def remove(ack: Any, action: Json) -> None:
        await ack()
        seen.append(action)

    text = {"type": "plain_text", "text": "Remove"}
    icon = {"type": "icon_button", "icon": "trash", "action_id": "remove", "text": text}
    blocks = [{"type": "context_actions", "elements": [icon | {"value": "row-1"}]}]
    ts = (await bot.chat_postMessage(channel="CGENERAL", text="x", blocks=blocks))["ts"]
    async with connect(app):
        press = {"channel": "CGENERAL", "ts": ts, "user": "UBOB", "action_id": "remove"}
        assert (await local("action", press))["ok"]
        await soon(lambda: seen)
    assert (seen[0]["type"], seen[0]["value"]) == ("icon_button", "row-1")


async def test_a_shortcut_tells_the_message_and_opens_a_form(
    app: AsyncApp, connect: Connect, local: Local, alice: AsyncWebClient
) -> None:
    seen: list[Json] = []
    title = {"type": "plain_text", "text": "Teach"}

    @app.shortcut("teach_answer")
    async def teach(ack: Any, shortcut: Json, client: AsyncWebClient, respond: Any) -> None:
        await ack()
        view = {"type": "modal", "title": title, "blocks": [{"type": "divider"}]}
        await client.views_open(trigger_id=shortcut["trigger_id"], view=view)
        await respond("opened")
        seen.append(shortcut)

    root = (await alice.chat_postMessage(channel="CGENERAL", text="Why?"))["ts"]
    ts = (await alice.chat_postMessage(channel="CGENERAL", text="So.", thread_ts=root))["ts"]
    shortcut = {"channel": "general", "ts": ts, "user": "UBOB", "callback_id": "teach_answer"}
    async with connect(app):
        assert (await local("shortcut", shortcut))["ok"]
        await soon(lambda: seen)
        missing = await local("shortcut", shortcut | {"ts": "1.2"})

    (payload,) = seen
    assert (payload["type"], payload["user"]["id"]) == ("message_action", "UBOB")
    assert payload["channel"] == {"id": "CGENERAL", "name": "general"}
    assert (payload["message_ts"], payload["message"]["text"]) == (ts, "So.")
    assert (payload["message"]["thread_ts"], payload["message"]["user"]) == (root, "UALICE")
    assert (await local("view", user="UBOB"))["view"]["title"] == title
    assert await whispers(local, "bob") == ["opened"]
    assert missing["error"] == "message_not_found"


async def test_a_button_on_an_ephemeral_message_can_take_it_away(
    app: AsyncApp, connect: Connect, local: Local, bot: AsyncWebClient
) -> None:
    @app.action("cancel")
    async def cancel(ack: Any, respond: Any, body: Json) -> None:
        await ack()
        assert "message" not in body
        assert body["container"]["is_ephemeral"] is True
        await respond(delete_original=True)

    await bot.chat_postEphemeral(channel="CGENERAL", user="UALICE", text="?", blocks=BUTTONS)
    ts = (await local("ephemeral", channel="general", user="alice"))["messages"][0]["ts"]
    async with connect(app):
        press = {"channel": "general", "ts": ts, "user": "alice", "action_id": "cancel"}
        await local("action", press)
        async with asyncio.timeout(30):
            while await whispers(local):
                await asyncio.sleep(0.02)


async def test_a_response_url_works_five_times(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    general = channel_named("general")
    address = workspace.response_url(workspace.response_urls.issue(general, "UALICE"))
    statuses = []
    for _ in range(6):
        async with http.post(address, json={"text": "x"}) as response:
            statuses.append(response.status)
    assert statuses == [200] * 5 + [404]
