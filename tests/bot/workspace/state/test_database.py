"""What is kept when the workspace is restarted on the same file."""

from __future__ import annotations

import stat
from pathlib import Path

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.server import running
from tests.bot.workspace.conftest import Json, connected, soon


async def test_what_was_said_and_sent_is_still_there_after_a_restart(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    file = tmp_path / "deep" / "state.db"
    job = {"event_type": "swallow_job", "event_payload": {"job": "j"}}
    async with running(state=file) as workspace:
        bot = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)
        ts = (await bot.chat_postMessage(channel="CGENERAL", text="root", metadata=job))["ts"]
        await bot.chat_postMessage(channel="CGENERAL", text="reply", thread_ts=ts)
        gone = (await bot.chat_postMessage(channel="CGENERAL", text="gone"))["ts"]
        await bot.chat_delete(channel="CGENERAL", ts=gone)
        await bot.files_upload_v2(content=b"kept", filename="x.txt", channel="CRANDOM")

    async with running(state=file) as workspace:
        bot = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)
        thread = await bot.conversations_replies(
            channel="CGENERAL", ts=ts, include_all_metadata=True
        )
        random = (await bot.conversations_history(channel="CRANDOM"))["messages"]
        general = (await bot.conversations_history(channel="CGENERAL"))["messages"]
        later = (await bot.chat_postMessage(channel="CGENERAL", text="later"))["ts"]
        address = f"{workspace.url}/files/{random[0]['files'][0]['id']}/x.txt"
        bearer = {"Authorization": f"Bearer {workspace.tokens.bot}"}
        async with http.get(address, headers=bearer) as response:
            assert await response.read() == b"kept"

    assert [m["text"] for m in thread["messages"]] == ["root", "reply"]
    assert thread["messages"][0]["metadata"] == job
    assert [m["text"] for m in general] == ["root"]
    assert later > gone
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_an_event_nobody_heard_is_delivered_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    async with running(state=file) as workspace:
        alice = AsyncWebClient(workspace.tokens.of("UALICE"), base_url=workspace.api_url)
        await alice.chat_postMessage(channel="general", text="<@UBOT> anybody?")

    heard: list[str] = []
    async with running(state=file) as workspace:
        bot = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)
        app = AsyncApp(client=bot)

        @app.event("app_mention")
        async def mentioned(event: Json) -> None:
            heard.append(event["text"])

        @app.event("message")
        async def said() -> None:
            """Every mention is a message event too."""

        async with connected(app):
            await soon(lambda: heard)

    async with running(state=file) as workspace:
        assert workspace.database.envelopes() == []
    assert heard == ["<@UBOT> anybody?"]


async def test_text_that_is_no_proper_unicode_is_kept_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    for expected in (0, 1):
        async with running(state=file) as workspace:
            bot = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)
            history = await bot.conversations_history(channel="CGENERAL")
            assert len(history["messages"]) == expected
            if not expected:
                await bot.chat_postMessage(channel="CGENERAL", text="half a \ud83d pair \x00")
