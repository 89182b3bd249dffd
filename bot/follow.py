"""Following one job from its claim to its final message.

Prepares the question, shows the status, then the text as it grows, and in the end exactly one final
answer. Everything it needs to begin again in the middle is in the job's record and its stream.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import render
from bot.errors import CannotAnswer
from bot.messages import Language, language_of, say
from bot.pace import Pace
from bot.prepare import prepare
from bot.reply import HOPELESS, PASSING, Reply
from bot.settings import BotSettings
from bot.slack_text import unescape
from bot.status import Status
from bot.streams import Streams
from tasks.app import publish
from tasks.jobs import Event, Job, Jobs
from tasks.workers import Workers

log = logging.getLogger(__name__)

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses between attempts to post a final message; the last one repeats."""

LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Bot:
    """What a listener or a follower acts with: who the bot is, and its connections."""

    client: AsyncWebClient
    jobs: Jobs
    settings: BotSettings
    pace: Pace
    user: str
    name: str

    def language(self, text: str) -> Language:
        """Return the language of the bot's own sentences to someone who wrote `text`."""
        return self.settings.language or language_of(text)


class Follower:
    """One job's way into its thread."""

    def __init__(self, bot: Bot, streams: Streams, job: Job) -> None:
        self._bot = bot
        self._streams = streams
        self._job = job
        self._language = bot.language(unescape(job.asked["text"]))
        self._reply = Reply(bot.client, bot.jobs, job)
        self._status = Status(bot.client, bot.jobs, job, self._language)
        self._attempt = 0
        self._text = ""

    async def run(self) -> None:
        """Follow the job to its end; returns when its final message is in the thread."""
        events = await asyncio.to_thread(self._streams.follow, self._job.id)
        status = asyncio.create_task(self._status.keep())
        try:
            if self._job.state == "new":
                await self._prepare()
            final = await self._until_final(events, status)
        finally:
            self._streams.leave(self._job.id)
            status.cancel()
            await asyncio.gather(status, return_exceptions=True)
        await self._end(final)

    async def _prepare(self) -> None:
        try:
            request = await prepare(self._job, self._bot.client, self._bot.settings, self._bot.user)
        except CannotAnswer as why:
            data = {"reason": why.reason, **why.values}
            await asyncio.to_thread(self._bot.jobs.drop, self._job.id, "failed", data)
            return
        if request is None:
            await asyncio.to_thread(self._bot.jobs.drop, self._job.id, "finished", {"help": True})
        else:
            await asyncio.to_thread(self._enqueue, request)

    def _enqueue(self, request: dict[str, object]) -> None:
        # If this process dies between the two steps, a worker's sweep publishes the job.
        if self._bot.jobs.enqueue(self._job.id, request):
            publish(self._job.id, self._job.kind)

    async def _until_final(
        self, events: "asyncio.Queue[Event]", status: "asyncio.Task[None]"
    ) -> Event:
        while True:
            final = self._take(await self._next(events))
            if final is None and self._text:
                if self._reply.begun:
                    await self._bot.pace.turn()
                    final = self._take(_at_once(events))
                status.cancel()
            if final is not None:
                return final
            if self._text:
                posts = render.running(self._text, self._job.id, self._language)
                await self._show_running(posts)

    async def _next(self, events: "asyncio.Queue[Event]") -> list[Event]:
        """Wait for events; meanwhile see whether anybody can still answer."""
        while True:
            try:
                first = await asyncio.wait_for(events.get(), LOOK_SECONDS)
            except TimeoutError:
                await asyncio.to_thread(self._give_up_without_workers)
                continue
            return [first, *_at_once(events)]

    def _give_up_without_workers(self) -> None:
        """Fail a waiting job when every worker there is could not start."""
        workers = [w for w in Workers(self._bot.jobs.redis).all() if "answers" in w.queues]
        if workers and all(worker.state == "failed" for worker in workers):
            self._bot.jobs.drop(self._job.id, "failed", {"reason": workers[0].reason})

    def _take(self, events: Iterable[Event]) -> Event | None:
        """Grow the text; the text of a new attempt replaces that of the old."""
        for event in events:
            if event.attempt > self._attempt:
                self._attempt, self._text = event.attempt, ""
            if event.attempt < self._attempt:
                continue
            if event.type == "text":
                self._text += event.data["text"]
            if event.final:
                return event
        return None

    async def _show_running(self, posts: list[render.Post]) -> None:
        try:
            await self._reply.show(posts, state="running")
        except SlackApiError as error:
            # The final message is retried; a step on the way is not.
            log.warning("job %s: an edit failed: %s", self._job.id, error.response.get("error"))
        except PASSING as error:
            log.warning("job %s: an edit failed: %s", self._job.id, type(error).__name__)

    async def _end(self, final: Event) -> None:
        posts = self._final_posts(final)
        for attempt in range(10_000):
            try:
                await self._reply.show(posts, state=final.type)
            except SlackApiError as error:
                reason = error.response.get("error")
                log.warning("job %s: the final message failed: %s", self._job.id, reason)
                if reason in HOPELESS:
                    return
            except PASSING as error:
                log.warning("job %s: the final message failed: %s", self._job.id, error)
            else:
                return
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])

    def _final_posts(self, final: Event) -> list[render.Post]:
        if final.data.get("help"):
            return [render.sentence(say("help", self._language, bot=self._bot.name))]
        data = dict(final.data)
        if data.get("reason") == "adapter":
            data["name"] = self._job.adapter
        return render.ended(self._text, final.type, data, self._language)


def _at_once(events: "asyncio.Queue[Event]") -> list[Event]:
    """Return the events that lie ready."""
    ready = []
    while not events.empty():
        ready.append(events.get_nowait())
    return ready
