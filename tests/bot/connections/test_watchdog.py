"""Sockets that stay open and carry nothing are replaced, and what was said meanwhile arrives."""

import json
import logging

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.connections import watchdog
from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Person, Serve, job_of, until
from tests.system.workspace import free_port


@pytest.mark.parametrize(
    ("silence", "limit", "logged"),
    [
        ("deaf", "SILENT_SECONDS", "the socket to Slack is replaced: nothing was heard"),
        ("mute", "QUIET_SECONDS", "the socket to Slack is replaced: no message"),
    ],
)
async def test_a_socket_that_stays_open_and_silent_is_replaced(
    silence: str,
    limit: str,
    logged: str,
    serve: Serve,
    workspace: Workspace,
    person: Person,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(watchdog, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watchdog, "HELLO_SECONDS", 0.4)
    port = free_port()
    async with serve(health=str(port)):

        async def hears() -> bool:
            return await _connection(port) is True

        await until(hears, "a socket that is well")
        await person.local("faults", {"silent_sockets": silence})
        alice = AsyncWebClient(workspace.tokens.of("UALICE"), base_url=workspace.api_url)
        await alice.chat_postMessage(channel="CGENERAL", text="<@UBOT> Anybody there?")

        async def replaced_in_vain() -> bool:
            # The new socket is silent too.
            return "no hello for" in caplog.text and not await _connection(port)

        with monkeypatch.context() as patched:
            patched.setattr(watchdog, limit, 0.6)
            await until(replaced_in_vain, "a socket without hello")
        await person.local("faults", {"silent_sockets": ""})
        await until(hears, "a socket that is well again")
        await job_of(jobs, "answer")
    assert logged in caplog.text


async def _connection(port: int) -> bool:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/health") as response,
    ):
        return bool(json.loads(await response.text())["connection"])
