"""The status line under a thread until the answer begins: thinking, waiting, loading.

Slack shows it until the bot posts in the thread, and removes it after two minutes. Where the bot is
an agent, Slack itself shows that it works, with its own Stop, and only what is waited for is said
here. Nothing depends on it: where Slack refuses it, the answer comes all the same.
"""

import asyncio
import logging
import time

from redis.exceptions import RedisError

from bot.bot import Bot
from bot.i18n.lookup import Language, say
from bot.i18n.units import duration
from bot.questions.agent.session import REFRESH_SECONDS as SESSION_SECONDS
from bot.questions.agent.session import Session
from bot.questions.wait import rounded, seconds_until_begun
from bot.slack.refusals import FAILURES, failure_of
from tasks.broker.job import Job, JobState
from tasks.broker.workers import Worker, Workers, answering

log = logging.getLogger(__name__)

STATUS_POLL_SECONDS = 3.0
"""How often the job's position in the queue is read."""

REFRESH_SECONDS = 60.0
"""How often an unchanged status is set again, before Slack removes it."""


class ThreadStatus:
    """The status of one job's thread."""

    def __init__(self, bot: Bot, job: Job, session: Session, language: Language) -> None:
        self._bot = bot
        self._jobs = bot.jobs
        self._job = job
        self._session = session
        self._language = language

    async def keep(self) -> None:
        """Show what the job waits for, until cancelled."""
        shown, age = "", 0.0
        await self._session.begin(self._bot.user)
        while True:
            try:
                text = await asyncio.to_thread(self.text)
            except RedisError:
                text = shown  # the broker is away: nothing new is known
            if text != shown or age >= self._lifetime(shown):
                await self._show(text)
                shown, age = text, 0.0
            await asyncio.sleep(STATUS_POLL_SECONDS)
            age += STATUS_POLL_SECONDS

    def _lifetime(self, shown: str) -> float:
        return REFRESH_SECONDS if shown else SESSION_SECONDS

    async def clear(self) -> None:
        """Show nothing more: no message comes that would end the status."""
        if not self._session.is_there:
            await self._show("")

    def text(self) -> str:
        """Return what the job waits for, as a sentence without its subject.

        Called off the event loop. Raises:
            RedisError: the broker is away.
        """
        job = next(iter(self._jobs.states([self._job.id])), None)
        if job is None or job.state not in ("new", "queued"):
            return self._thinking(job)
        workers = answering(Workers(self._jobs.redis).all())
        if not workers:
            return say("status.no_worker", self._language)
        return self._waiting(job, workers)

    def _thinking(self, job: JobState | None) -> str:
        if self._session.is_there:
            return ""  # Slack says so itself
        seconds = time.time() - job.started / 1000 if job and job.started else 0
        if seconds < STATUS_POLL_SECONDS:
            return say("status.thinking", self._language)
        return say("status.thinking_for", self._language, seconds=int(seconds))

    def _waiting(self, job: JobState, workers: list[Worker]) -> str:
        if all(worker.state == "loading" for worker in workers):
            return say("status.loading", self._language)
        if job.suspect:
            return say("status.alone", self._language)
        ahead = self._jobs.ahead_of(self._job.id)
        if ahead == 0:
            return self._thinking(None)
        seconds = self._seconds(workers)
        if seconds is None:
            return say("status.waiting", self._language, ahead=ahead)
        about = duration(rounded(seconds), self._language)
        return say("status.waiting_about", self._language, ahead=ahead, about=about)

    def _seconds(self, workers: list[Worker]) -> float | None:
        """Return how long the job will wait; None where that is not known."""
        open = self._jobs.open_states("answer")
        ids = [job.id for job in open]
        ahead = open[: ids.index(self._job.id)] if self._job.id in ids else []
        return seconds_until_begun(ahead, workers, time.time())

    async def _show(self, text: str) -> None:
        if not text and self._session.is_there:
            await self._session.begin(self._bot.user)
            return
        try:
            await self._bot.client.assistant_threads_setStatus(
                channel_id=self._job.destination["channel"],
                thread_ts=self._job.destination["thread_ts"],
                status=text,
            )
        except FAILURES as error:
            log.debug("job %s: no status: %s", self._job.id, failure_of(error).reason)
