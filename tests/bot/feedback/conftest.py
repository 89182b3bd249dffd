"""People who rate, correct, teach and decide, at a real local workspace."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from redis import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tasks.feedback.row import FeedbackRow
from tasks.feedback.store import Feedback
from tests.bot.conftest import Json, Person, cookie_of, job_of, until


class Teacher(Person):
    """What people do with forms, shortcuts and the Home tab."""

    def __init__(self, workspace: Workspace, http: aiohttp.ClientSession, redis: Redis) -> None:
        super().__init__(workspace, http)
        self.jobs = Jobs(redis, keep_ms=60_000, queue_limit=5)
        self.feedback = Feedback(redis)

    async def say(self, text: str, user: str = "UALICE", **more: Any) -> str:
        """Speak in a channel."""
        client = AsyncWebClient(self.workspace.tokens.of(user), base_url=self.workspace.api_url)
        posted = await client.chat_postMessage(**{"channel": "CGENERAL", **more}, text=text)
        return str(posted["ts"])

    async def answered(self, question: str, answer: str, channel: str = "CGENERAL") -> Json:
        """Ask a question as Alice, answer it as the worker, and return the answer's message."""
        ts = await self.say(f"<@UBOT> {question}", channel=channel)
        job = await job_of(self.jobs, "answer")
        attempt = self.jobs.claim(job.id, "worker")
        assert attempt
        self.jobs.append(job.id, attempt, "text", {"text": answer})
        self.jobs.finish(job.id, attempt, "finished", {"finish": "stop"})

        async def finished() -> Json | None:
            replies = await self.replies(ts, channel)
            payloads = (reply["metadata"]["event_payload"] for reply in replies)
            return replies[0] if any(p["state"] == "finished" for p in payloads) else None

        return {**await until(finished, answer), "channel": channel, "job": job.id, "root": ts}

    async def rate(self, message: Json, value: str, user: str = "UALICE") -> None:
        """Press a thumb."""
        await self._press(message, "answer_feedback", value, user)

    async def correct(self, message: Json, user: str = "UALICE") -> None:
        """Press the button under an answer."""
        await self._press(message, "correct_answer", None, user)

    async def _press(self, message: Json, action: str, value: str | None, user: str) -> None:
        body = {"channel": message["channel"], "user": user, "ts": message["ts"]}
        done = await self.local("action", {**body, "action_id": action, "value": value})
        assert done["ok"], done

    async def decide(self, message: Json, action: str, user: str = "UADMIN") -> None:
        """Press a button of a review message."""
        await self._press(message, action, None, user)

    async def shortcut(self, ts: str, user: str = "UALICE") -> None:
        """Use the shortcut in a message's menu."""
        body = {"channel": "CGENERAL", "ts": ts, "user": user, "callback_id": "teach_answer"}
        assert (await self.local("shortcut", body))["ok"]

    async def form(self, user: str = "UALICE") -> Json:
        """Wait for the form that a person has open."""

        async def look() -> Json | None:
            view: Json | None = (await self._seen("view", user))["view"]
            return view

        return await until(look, "a form")

    async def submit(self, view: Json, user: str = "UALICE", **texts: str) -> Mapping[str, str]:
        """Fill in and submit a form; returns what is wrong with it."""
        values = {name: {name: _typed(text)} for name, text in texts.items()}
        body = {"user": user, "view_id": view["id"], "do": "submit", "values": values}
        done = await self.local("view", body)
        assert done["ok"], done
        errors: Mapping[str, str] = done["errors"]
        return errors

    async def home(self, words: str, user: str = "UADMIN") -> Json:
        """Open the Home tab and wait until it says something."""

        async def look() -> Json | None:
            view: Json | None = (await self._seen("home", user))["view"]
            return view if view and words in str(view["blocks"]) else None

        return await until(look, words)

    async def press_home(self, view: Json, action: str, value: str, user: str = "UADMIN") -> None:
        """Press a button of the Home tab."""
        body = {"user": user, "view_id": view["id"], "do": "press"}
        done = await self.local("view", {**body, "action_id": action, "value": value})
        assert done["ok"], done

    async def rows(self, count: int) -> list[FeedbackRow]:
        """Wait for so many rows."""

        async def look() -> list[FeedbackRow] | None:
            rows = self.feedback.rows()
            return rows if len(rows) == count else None

        return await until(look, f"{count} rows")

    async def _seen(self, what: str, user: str) -> Json:
        address = f"{self.workspace.url}/local/{what}"
        headers = cookie_of(self.workspace)
        async with self._http.get(address, params={"user": user}, headers=headers) as response:
            seen: Json = await response.json()
            return seen


def _typed(text: str) -> Json:
    return {"type": "plain_text_input", "value": text}


@pytest.fixture
async def teacher(workspace: Workspace, redis: Redis) -> Any:
    async with aiohttp.ClientSession() as http:
        yield Teacher(workspace, http, redis)
