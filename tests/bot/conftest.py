"""A real bot on a real local workspace and a real Valkey; the tests act as the workers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from redis import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import serving
from bot.bot import Bot
from bot.settings import BotSettings
from bot.workspace.server import running
from bot.workspace.state.people import PEOPLE
from bot.workspace.workspace import Workspace
from tasks.broker.celery_app import app
from tasks.broker.job import Job, Kind
from tasks.broker.jobs import Jobs
from tasks.settings import Settings, checked, settings
from tests.patience import SECONDS

Json = dict[str, Any]
T = TypeVar("T")
Serve = Callable[..., AbstractAsyncContextManager[Bot]]


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with running() as started:
        # Nobody's Slack says a language, so that their words decide.
        started.locales.update(dict.fromkeys(PEOPLE, ""))
        yield started


@pytest.fixture
def on_valkey(redis: Redis, valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point everything that reads settings at the tests' Valkey."""
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    settings.cache_clear()
    app.conf.broker_url = valkey
    yield
    settings.cache_clear()


@pytest.fixture
def serve(workspace: Workspace, on_valkey: None, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Start a bot; keywords are settings without their prefix."""
    return serve_at(workspace, monkeypatch)


def serve_at(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Return what starts a bot at a workspace."""

    @asynccontextmanager
    async def start(name: str = "bot", **own: str) -> AsyncIterator[Bot]:
        monkeypatch.setenv("SLACK_API_URL", workspace.api_url)
        monkeypatch.setenv("SLACK_BOT_TOKEN", workspace.tokens.bot)
        monkeypatch.setenv("SLACK_APP_TOKEN", workspace.tokens.app)
        monkeypatch.setenv("SLACK_SIGNING_SECRET", workspace.tokens.signing_secret)
        for key, value in {"edit_seconds": "0", "progress_seconds": "0.1", **own}.items():
            monkeypatch.setenv(f"SWALLOW_{key.upper()}", value)
        async with serving(checked(Settings), checked(BotSettings), name) as bot:
            yield bot

    return start


def cookie_of(workspace: Workspace) -> dict[str, str]:
    """Return the header of the page's cookie."""
    return {"Cookie": f"swallow-{workspace.port}={workspace.tokens.secret}"}


class Person:
    """What people do in the workspace, and what they see there."""

    def __init__(self, workspace: Workspace, http: aiohttp.ClientSession) -> None:
        self.workspace = workspace
        self.client = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)
        self._http = http

    async def command(self, line: str, *, user: str = "UADMIN", channel: str = "CGENERAL") -> None:
        """Run a slash command."""
        command, _, text = line.partition(" ")
        body = {"channel": channel, "user": user, "command": command, "text": text}
        await self.local("command", body)

    async def press(self, message: Json, action: str, *, user: str = "UADMIN") -> None:
        """Press a button."""
        channel = message.get("channel", "CGENERAL")
        body = {"channel": channel, "user": user, "ts": message["ts"], "action_id": action}
        assert (await self.local("action", body))["ok"]

    async def local(self, path: str, body: Json) -> Json:
        """Post to a `/local/` route as the page does."""
        address, headers = f"{self.workspace.url}/local/{path}", cookie_of(self.workspace)
        async with self._http.post(address, json=body, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    async def look(self, path: str, user: str) -> Json:
        """Get what a `/local/` route shows of a person."""
        address = f"{self.workspace.url}/local/{path}"
        headers = {"Authorization": f"Bearer {self.workspace.tokens.of(user)}"}
        async with self._http.get(address, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    async def private(self, user: str = "UADMIN", channel: str = "CGENERAL") -> list[str]:
        """Return the texts that only one person sees."""
        return [message["text"] for message in await self.private_messages(user, channel)]

    async def private_messages(self, user: str, channel: str = "CGENERAL") -> list[Json]:
        """Return what only one person sees, oldest first."""
        address, query = f"{self.workspace.url}/local/ephemeral", {"channel": channel}
        headers = {"Authorization": f"Bearer {self.workspace.tokens.of(user)}"}
        async with self._http.get(address, params=query, headers=headers) as response:
            return list((await response.json())["messages"])

    async def told(self, words: str, user: str = "UADMIN", channel: str = "CGENERAL") -> str:
        """Wait for a message that only one person sees, and return it."""

        async def look() -> str | None:
            return next((text for text in await self.private(user, channel) if words in text), None)

        return await until(look, words)

    async def messages(self, channel: str = "CGENERAL") -> list[Json]:
        """Return the channel's messages, oldest first."""
        found = await self.client.conversations_history(channel=channel, include_all_metadata=True)
        return [{**message, "channel": channel} for message in found["messages"][::-1]]

    async def replies(self, ts: str, channel: str = "CGENERAL") -> list[Json]:
        """Return a thread, without the message it belongs to."""
        found = await self.client.conversations_replies(
            channel=channel, ts=ts, include_all_metadata=True
        )
        return list(found["messages"][1:])

    async def sees(self, words: str, channel: str = "CGENERAL") -> Json:
        """Wait for a message in a channel."""

        async def look() -> Json | None:
            messages = await self.messages(channel)
            return next((m for m in messages if words in m["text"]), None)

        return await until(look, words)

    async def sees_reply(self, ts: str, words: str, channel: str = "CGENERAL") -> Json:
        """Wait for a message in a thread."""

        async def look() -> Json | None:
            replies = await self.replies(ts, channel)
            return next((m for m in replies if words in m["text"]), None)

        return await until(look, words)


@pytest.fixture
async def person(workspace: Workspace) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession() as http:
        yield Person(workspace, http)


@pytest.fixture
def audit() -> Callable[[], list[Json]]:
    """Read the audit log."""

    def read() -> list[Json]:
        file = checked(Settings).home / "audit.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]

    return read


async def until(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Wait until `look` finds something."""
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                found = await look()
                if found:
                    return found
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what!r} was never seen") from None


async def job_of(jobs: Jobs, kind: Kind, *states: str, not_in: tuple[str, ...] = ()) -> Job:
    """Wait for a job that has not ended."""

    async def look() -> Job | None:
        wanted = [
            job
            for job in jobs.open(kind)
            if job.state in (states or ("queued",)) and job.id not in not_in
        ]
        return wanted[0] if wanted else None

    return await until(look, f"a job of kind {kind}")


@pytest.fixture
def home() -> Path:
    return checked(Settings).home
