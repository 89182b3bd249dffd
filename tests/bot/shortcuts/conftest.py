"""People who use the shortcuts of a message at a real local workspace; the tests are the worker."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from redis import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import retry
from bot.shortcuts import private_reply
from bot.workspace.workspace import Workspace
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Json, Person, job_of, until

FACTS = {"model": "Base-7b", "tokens": 3, "seconds": 1.0, "finish": "stop"}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_reply, "SETTLES_SECONDS", 0.2)
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.05,))
    monkeypatch.setattr(private_reply, "RETRY_SECONDS", (0.05,))


class Reader(Person):
    """What Alice does with shortcuts and their forms, and what she sees."""

    def __init__(self, workspace: Workspace, http: aiohttp.ClientSession, redis: Redis) -> None:
        super().__init__(workspace, http)
        self.jobs = Jobs(redis, keep_ms=60_000, queue_limit=5)

    async def say(self, text: str, user: str = "UBOB", **more: Any) -> str:
        """Speak in a channel."""
        client = AsyncWebClient(self.workspace.tokens.of(user), base_url=self.workspace.api_url)
        posted = await client.chat_postMessage(**{"channel": "CGENERAL", **more}, text=text)
        return str(posted["ts"])

    async def use(self, name: str, ts: str, user: str = "UALICE") -> None:
        """Use a shortcut of a message's menu."""
        body = {"channel": "CGENERAL", "ts": ts, "user": user, "callback_id": f"{name}_message"}
        assert (await self.local("shortcut", body))["ok"]

    async def form(self, words: str = "", user: str = "UALICE") -> Json:
        """Wait for an open form that says something."""

        async def look() -> Json | None:
            view: Json | None = (await self.look("view", user))["view"]
            return view if view and words in str(view["blocks"]) else None

        return await until(look, words or "a form")

    async def is_closed(self) -> bool:
        """Tell whether no form is open."""
        return (await self.look("view", "UALICE"))["view"] is None

    async def act(self, view: Json, do: str, **more: Any) -> Json:
        """Submit or close a form, or press something in it."""
        body = {"user": "UALICE", "view_id": view["id"], "do": do, **more}
        return await self.local("view", body)

    async def choose(self, view: Json, value: str) -> None:
        """Choose an option of the form's one selection."""
        assert (await self.act(view, "press", action_id="shortcut_choice", value=value))["ok"]

    async def direct(self) -> list[Json]:
        """Return the direct messages, oldest first."""
        opened = await self.client.conversations_open(users="UALICE")
        return await self.messages(str(opened["channel"]["id"]))

    async def direct_message(self, words: str) -> Json:
        """Wait for a direct message."""

        async def look() -> Json | None:
            return next((m for m in await self.direct() if words in m["text"]), None)

        return await until(look, words)

    async def question(self, *not_in: str) -> Job:
        """Wait for a question that a worker may take."""
        return await job_of(self.jobs, "answer", not_in=not_in)

    async def revised(self, job: Job) -> None:
        """Wait until something else was chosen of a question, and it is handed over anew."""

        async def look() -> bool:
            now = self.jobs.get(job.id)
            return bool(now and now.revision > job.revision and now.state == "queued")

        await until(look, "another revision")

    def begin(self, job: Job, text: str) -> int:
        """Take a question as the worker, and write the beginning of its answer."""
        attempt = self.jobs.claim(job.id, "worker")
        assert attempt
        self.jobs.append(job.id, attempt, "text", {"text": text})
        return attempt

    async def answered(self, text: str) -> Job:
        """Wait for a question and answer it as the worker."""
        job = await self.question()
        self.jobs.finish(job.id, self.begin(job, text), "finished", FACTS)
        return job


@pytest.fixture
async def reader(workspace: Workspace, redis: Redis) -> AsyncIterator[Reader]:
    async with aiohttp.ClientSession() as http:
        yield Reader(workspace, http, redis)
