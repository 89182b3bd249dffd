"""The session of a thread: processing while the bot works in it, with Slack's own Stop.

Slack shows the status in the place of the one that `assistant.threads.setStatus` sets: whatever was
set last is seen. Nothing depends on it: where Slack refuses it, the answer comes all the same.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError
from slack_sdk.web.async_client import AsyncWebClient

from bot.questions.agent.title import title_of
from bot.slack.refusals import FAILURES, failure_of
from bot.surface import Surface
from tasks.broker.job import Job, asker_of
from tasks.broker.jobs import Jobs

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1800.0
"""How often a session that goes on is said to be processing: Slack ends that after an hour."""


class Session:
    """The session of the thread in which one job is answered."""

    def __init__(self, client: AsyncWebClient, surface: Surface, jobs: Jobs, job: Job) -> None:
        self._client = client
        self._surface = surface
        self._jobs = jobs
        self._job = job

    @property
    def is_there(self) -> bool:
        """Whether Slack has sessions for this app."""
        return self._surface.is_agent

    async def begin(self, bot_user: str) -> None:
        """Show that the bot works; the first question in a thread gives the session its title."""
        asked = self._job.destination
        title = title_of(self._job, bot_user)
        about = {"title": title} if title else {}
        await self._set("processing", initiator_user_id=str(asked["user"]), **about)

    async def end(self) -> None:
        """Show that the bot is done, unless another question in the thread is open."""
        if not self.is_there:
            return
        try:
            asked = await asyncio.to_thread(open_in, self._jobs, *_thread_of(self._job.destination))
        except RedisError:
            asked = {}
        if set(asked) <= {self._job.id}:
            await self._set("active")

    async def _set(self, status: str, **more: str) -> None:
        if self.is_there:
            channel, thread = _thread_of(self._job.destination)
            await set_status(self._client, self._surface, channel, thread, status, **more)


async def set_status(
    client: AsyncWebClient, surface: Surface, channel: str, thread: str, status: str, **more: str
) -> None:
    """Set a session's status; a refusal is noted and logged."""
    try:
        await client.agents_sessions_setStatus(
            channel_id=channel, thread_ts=thread, status=status, **more
        )
    except FAILURES as error:
        failure = failure_of(error)
        log.info("a session's status was not set: %s", failure.reason)
        if failure.kind == "refused" or failure.reason == "missing_scope":
            surface.refused(failure.reason)


def open_in(jobs: Jobs, channel: str, thread: str) -> dict[str, str]:
    """Return the questions in a thread that are not answered yet: who asked, by the jobs' ids.

    What somebody asks about it in a form is answered elsewhere.

    Raises:
        RedisError: the broker is away.
    """
    return {
        id: asker_of(destination)
        for id, _, destination in jobs.open_destinations("answer")
        if _thread_of(destination) == (channel, thread) and "form" not in destination
    }


def _thread_of(destination: Mapping[str, Any]) -> tuple[str, str]:
    return str(destination.get("channel")), str(destination.get("thread_ts"))
