"""Following a training: one message that moves, milestones in its thread, and its end.

Everything it needs to begin again in the middle is in the job's record and its stream. A training
runs for days: whatever Slack refuses on the way is tried again with the next edit.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from bot.bot import Bot
from bot.delivery.direct_fallback import Moving
from bot.delivery.journal import Notes
from bot.delivery.milestone_queue import Thread
from bot.i18n.catalogue import say
from bot.questions.answer import Post, sentence
from bot.relay.dispatch import enqueue, workers_for
from bot.relay.event_streams import Streams, at_once
from bot.slack.text import unescape
from bot.trainings.final_card import final, sides, summary
from bot.trainings.loss_curve import Curve
from bot.trainings.news import of_quarter, of_start, quarter, quarters_reached
from bot.trainings.progress_card import Look, progress
from tasks.broker.job import Event, Job


class TrainingFollower:
    """One training's way into its channel."""

    def __init__(self, bot: Bot, streams: Streams, job: Job) -> None:
        self._bot = bot
        self._streams = streams
        self._job = job
        self._language = bot.language(unescape(str(job.asked.get("text", ""))))
        notes = Notes(bot.jobs, job)
        self._message = Moving(bot.client, notes, self._language)
        self._thread = Thread(bot.client, notes)
        self._curve = Curve(bot.client, notes)
        self._attempt = 0
        self._snapshot: dict[str, Any] = {}
        self._next_edit = 0.0

    async def run(self) -> None:
        """Follow the job to its end; returns when all of it is in the channel."""
        events = await asyncio.to_thread(self._streams.follow, self._job.id)
        try:
            if self._job.state == "new":
                request = dict(self._job.asked["request"])
                await asyncio.to_thread(enqueue, self._bot.jobs, self._job, request)
            ending = await self._until_final(events)
        finally:
            self._streams.leave(self._job.id)
        await self._end(ending)

    async def _until_final(self, events: "asyncio.Queue[Event]") -> Event:
        posting = True
        while True:
            ending = self._take(await self._next(events))
            if ending is not None:
                return ending
            if time.monotonic() >= self._next_edit:
                await self._show()
                posting = True
            # What was not taken may be after the next edit, in a message that is somewhere else.
            posting = posting and await self._thread.post(self._message.thread)

    async def _next(self, events: "asyncio.Queue[Event]") -> list[Event]:
        """Wait for events, or until it is time for an edit."""
        wait = max(0.05, self._next_edit - time.monotonic())
        try:
            first = await asyncio.wait_for(events.get(), wait)
        except TimeoutError:
            return []
        return [first, *at_once(events)]

    def _take(self, events: Iterable[Event]) -> Event | None:
        """Keep the newest snapshot and what its news are; returns the final event."""
        for event in events:
            if event.attempt > self._attempt:
                self._attempt, self._snapshot = event.attempt, {}
            if event.type == "progress" and event.attempt == self._attempt:
                self._snapshot = dict(event.data)
                self._collect_news()
            if event.final:
                return event
        return None

    def _collect_news(self) -> None:
        snapshot = self._snapshot
        if snapshot.get("phase") != "training":
            return
        self._thread.add(*of_start(self._attempt, snapshot, self._language))
        steps = int(snapshot.get("steps") or 0)
        before = quarters_reached(snapshot.get("resumed_step"), steps)
        reached = quarters_reached(int(snapshot.get("step") or 0), steps)
        # Of several at once, and of what an earlier training did, only the last is news.
        self._thread.pass_over(*map(quarter, {*before, *reached[:-1]}))
        for percent in reached[-1:]:
            self._thread.add(*of_quarter(percent, snapshot, self._language))

    async def _show(self) -> None:
        await self._bot.pace.turn()
        look = await asyncio.to_thread(self._look)
        state = "queued" if look.waiting else "running"
        await self._message.show(progress(look, self._language), state=state)
        self._next_edit = time.monotonic() + self._bot.settings.progress_seconds

    def _look(self) -> Look:
        job = self._bot.jobs.get(self._job.id) or self._job
        # `begun` is the broker's clock; a few seconds do not matter over hours.
        elapsed = max(0.0, time.time() - job.begun / 1000) if job.begun else 0.0
        return Look(
            job=job.id,
            output=self._output,
            user=str(job.destination["user"]),
            waiting="" if job.state == "running" else self._waiting(job),
            elapsed=elapsed,
            snapshot=self._snapshot,
        )

    def _waiting(self, job: Job) -> str:
        ahead = self._bot.jobs.ahead_of(job.id)
        if ahead:
            return say("training.waiting", self._language, ahead=ahead)
        ready = any(worker.state != "failed" for worker in workers_for(self._bot.jobs, job))
        return say("training.next" if ready else "training.no_worker", self._language)

    @property
    def _output(self) -> str:
        asked = self._job.request or self._job.asked.get("request", {})
        options = asked.get("options") or {}
        return str(self._snapshot.get("output") or options.get("output") or "output")

    async def _end(self, ending: Event) -> None:
        output = str(ending.data.get("output") or self._output)
        post = final(ending.type, ending.data, output, self._language)
        plain = sentence(say("training.unshown", self._language))
        await self._message.end(post, plain, state=ending.type)
        self._thread.add_post("ended", self._closing(ending))
        if ending.data.get("answers"):
            self._thread.add_post("answers", sides(ending.data["answers"], output, self._language))
        await self._thread.finish(self._message.thread)
        title = say("curve.title", self._language, output=output)
        await self._curve.upload(str(ending.data.get("curve", "")), title, self._message.thread)

    def _closing(self, ending: Event) -> Post:
        return sentence(summary(ending.type, ending.data, self._language)[0])
