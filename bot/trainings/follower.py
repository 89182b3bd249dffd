"""Follows a training: one message that is edited as it goes on, and milestones in its thread.

Another relay can take over at any point: everything it needs is in the job's record and its event
stream. A training runs for days: an edit that fails is followed by the next, which has it all.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from bot.alerts.records import Records
from bot.blind import actions as blind
from bot.bot import Bot
from bot.delivery.direct_fallback import DirectFallback
from bot.delivery.journal import Journal
from bot.delivery.milestones import Milestones
from bot.i18n.lookup import say
from bot.relay.dispatch import check_handed_over, enqueue, workers_for
from bot.relay.event_streams import EventStreams
from bot.relay.job_events import JobEvents
from bot.slack.blocks import Post, sentence
from bot.trainings.final_card import final_card, side_by_side, summary
from bot.trainings.loss_curve import LossCurve
from bot.trainings.milestone_sentences import (
    quarter_milestone,
    quarter_name,
    quarters_reached,
    start_milestone,
)
from bot.trainings.progress_card import Progress, progress_card
from tasks.blind.store import differing
from tasks.broker.job import Event, Job
from tasks.broker.job_id import job_id


class TrainingFollower:
    """Shows one training in the channel in which it was asked for."""

    def __init__(self, bot: Bot, streams: EventStreams, job: Job) -> None:
        self._bot = bot
        self._streams = streams
        self._job = job
        self._language = bot.language_of_job(job)
        journal = Journal(bot.jobs, job)
        self._message = DirectFallback(bot.client, journal, self._language)
        self._milestones = Milestones(bot.client, journal)
        self._curve = LossCurve(bot.client, journal)
        self._attempt = 0
        self._snapshot: dict[str, Any] = {}
        self._next_edit = 0.0

    async def run(self) -> None:
        """Follow the job to its end; returns when its last message and its thread are complete."""
        events = await asyncio.to_thread(self._streams.follow, self._job.id)
        try:
            if self._job.state == "new":
                request = dict(self._job.asked["request"])
                await asyncio.to_thread(enqueue, self._bot.jobs, self._job, request)
            ending = await self._until_final(events)
        finally:
            self._streams.leave(self._job.id)
        await self._end(ending)

    async def _until_final(self, events: JobEvents) -> Event:
        posting = True
        while True:
            ending = self._take(await self._next(events))
            if ending is not None:
                return ending
            if time.monotonic() >= self._next_edit:
                await events.wait_unless_final(self._bot.edit_pace.wait_for_turn())
                ending = self._take(events.ready())
                if ending is not None:
                    return ending
                await self._show()
                posting = True
            # After a milestone was not taken, the next edit comes first: it may move the message.
            posting = posting and await self._milestones.post(self._message.thread)

    async def _next(self, events: JobEvents) -> list[Event]:
        """Wait for events, or until it is time for an edit."""
        wait = max(0.05, self._next_edit - time.monotonic())
        try:
            first = await asyncio.wait_for(events.next(), wait)
        except TimeoutError:
            return []
        return [first, *events.ready()]

    def _take(self, events: Iterable[Event]) -> Event | None:
        """Keep the newest snapshot and queue its milestones; return the final event if there."""
        for event in events:
            if event.attempt > self._attempt:
                self._attempt, self._snapshot = event.attempt, {}
            if event.type == "progress" and event.attempt == self._attempt:
                self._snapshot = dict(event.data)
                self._queue_milestones()
            if event.final:
                return event
        return None

    def _queue_milestones(self) -> None:
        snapshot = self._snapshot
        if snapshot.get("phase") != "training":
            return
        self._milestones.add(*start_milestone(self._attempt, snapshot, self._language))
        steps = int(snapshot.get("steps") or 0)
        before = quarters_reached(snapshot.get("resumed_step"), steps)
        reached = quarters_reached(int(snapshot.get("step") or 0), steps)
        # Of quarters reached at once only the last is posted, and none that came before a resume.
        self._milestones.skip(*map(quarter_name, {*before, *reached[:-1]}))
        for percent in reached[-1:]:
            self._milestones.add(*quarter_milestone(percent, snapshot, self._language))

    async def _show(self) -> None:
        progress = await asyncio.to_thread(self._progress)
        state = "queued" if progress.waiting else "running"
        await self._message.show([progress_card(progress, self._language)], state=state)
        self._next_edit = time.monotonic() + self._bot.settings.progress_seconds

    def _progress(self) -> Progress:
        job = self._bot.jobs.get(self._job.id)
        if job is None:
            job = self._job
        else:
            check_handed_over(job.state)
        # `begun` is by the broker's clock; a difference of seconds does not matter over hours.
        elapsed = max(0.0, time.time() - job.begun / 1000) if job.begun else 0.0
        return Progress(
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
        if self._bot.settings.alert_channel:
            await asyncio.to_thread(self._alert, ending, output)
        post = final_card(ending.type, ending.data, output, self._language)
        plain = sentence(say("training.unshown", self._language))
        self._bot.edit_pace.edit_out_of_turn()
        await self._message.end([post], plain, state=ending.type)
        self._milestones.add_post("ended", self._closing(ending))
        if ending.data.get("answers"):
            self._milestones.add_post(
                "answers", side_by_side(ending.data["answers"], output, self._language)
            )
        await self._milestones.finish(self._message.thread)
        title = say("curve.title", self._language, output=output)
        await self._curve.upload(str(ending.data.get("curve", "")), title, self._message.thread)
        await self._let_people_judge(ending)

    async def _let_people_judge(self, ending: Event) -> None:
        """Begin a blind comparison of the exam's answers in the thread, once for the training."""
        sides, thread = differing(ending.data.get("exam")), self._message.thread
        if thread is None or not sides or not ending.data.get("adapter"):
            return
        await blind.begin(
            self._bot,
            job_id("blind", self._job.id),
            str(ending.data["adapter"]),
            sides,
            channel=thread.channel,
            thread_ts=thread.thread_ts,
            language=self._language,
            user=str(self._job.destination["user"]),
        )

    def _alert(self, ending: Event, output: str) -> None:
        records = Records(self._bot.jobs.redis)
        if ending.type == "failed":
            records.enter(f"training:{self._job.id}", job=self._job.id, output=output)
        elif ending.type == "finished":
            records.end_all("training", finished=output)

    def _closing(self, ending: Event) -> Post:
        return sentence(summary(ending.type, ending.data, self._language)[0])
