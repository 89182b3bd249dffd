"""`python -m bot.workspace` as `swallow up` starts it: as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.bot.workspace.conftest import Json, connected, soon, texts


@asynccontextmanager
async def command(*options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    """The running command, its address and the secret printed with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.workspace",
        "--port",
        "0",
        *options,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )
    try:
        label, _, printed = (await line_of(process)).partition(": ")
        assert label == "Local workspace"
        address, _, secret = printed.partition("/?secret=")
        yield process, address, secret
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 60)).decode().rstrip("\n")


async def test_it_ends_cleanly_at_once_though_a_page_follows(
    http: aiohttp.ClientSession,
) -> None:
    async with AsyncExitStack() as stack:
        process, address, secret = await stack.enter_async_context(command())
        headers = {"Authorization": f"Bearer xoxp-local-UALICE-{secret}"}
        events = http.get(f"{address}/local/events", headers=headers)
        assert (await stack.enter_async_context(events)).status == 200
        process.send_signal(signal.SIGTERM)
        # A server that waits for its requests to end would wait a minute, see aiohttp's AppRunner.
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_a_port_that_is_taken_is_explained_in_one_sentence() -> None:
    async with command() as (_, address, _):
        port = address.rpartition(":")[2]
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.workspace",
            "--port",
            port,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await second.communicate()
    assert second.returncode == 1
    assert out == b""
    assert err.decode().startswith(f"Port {port} is already in use")
    assert err.count(b"\n") == 1


async def test_the_demo_asks_once_and_prints_the_final_answer(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    async with command("--state", state, "--demo", "1 < 2?") as (process, address, secret):
        asked: list[str] = []
        async with answering(address, secret, asked):
            assert await line_of(process) == "alice: 1 < 2?"
            assert await line_of(process) == "swallow: yes, 1 < 2"
    assert asked == ["<@UBOT> 1 &lt; 2?"]

    again = command("--state", state, "--demo", "again?")
    async with again as (_, address, secret), answering(address, secret, asked):
        # The demo asks when the bot connects, so it would have asked once another question arrived.
        bob = AsyncWebClient(f"xoxp-local-UBOB-{secret}", base_url=f"{address}/api/")
        await bob.chat_postMessage(channel="general", text="<@UBOT> another")
        await soon(lambda: len(asked) > 1)
        assert await texts(bob) == ["<@UBOT> 1 &lt; 2?", "<@UBOT> another"]
    assert asked == ["<@UBOT> 1 &lt; 2?", "<@UBOT> another"]


@asynccontextmanager
async def answering(address: str, secret: str, asked: list[str]) -> AsyncIterator[None]:
    """A connected bot that posts a placeholder and then edits it into the final answer."""
    bot = AsyncWebClient(f"xoxb-local-{secret}", base_url=f"{address}/api/")
    app = AsyncApp(client=bot)

    def job(state: str) -> dict[str, Any]:
        return {"event_type": "swallow_job", "event_payload": {"job": "j", "state": state}}

    @app.event("app_mention")
    async def mentioned(event: Json) -> None:
        asked.append(event["text"])
        where = {"channel": event["channel"], "thread_ts": event["ts"]}
        sent = await bot.chat_postMessage(**where, text="…", metadata=job("running"))
        await bot.chat_update(
            channel=event["channel"],
            ts=sent["ts"],
            text="yes, 1 &lt; 2",
            metadata=job("finished"),
        )

    @app.event("message")
    async def said() -> None:
        """Not looked at here."""

    async with connected(app):
        yield


async def test_tokens_end_in_the_secret_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("of-this-start\n", "utf-8")
    async with command("--secret", str(file)) as (_, address, secret):
        bot = AsyncWebClient("xoxb-local-of-this-start", base_url=f"{address}/api/")
        assert (await bot.auth_test())["ok"]
    assert secret == "of-this-start"


async def test_a_secret_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.workspace",
        "--secret",
        str(tmp_path / "none"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert "none cannot be read: No such file or directory" in err.decode()
