"""Following a plan's job: may who asked train, the plan itself, and what becomes of it.

What is refused or fails is told to the person alone; a plan is shown in the channel. Short
trainings start at once, for others it has buttons (`bot.listeners.plan_buttons`).
"""

import asyncio

from bot.admin_action import Action, note, permitted
from bot.bot import Bot
from bot.delivery.direct_fallback import Moving
from bot.delivery.journal import Notes
from bot.i18n.catalogue import say
from bot.questions.answer import Post, sentence
from bot.relay.dispatch import enqueue, give_up_without_workers
from bot.relay.event_streams import Streams
from bot.slack.actor import Actor
from bot.slack.notify import whisper
from bot.slack.text import unescape
from bot.trainings.failure import failure
from bot.trainings.plan_card import card, decision, starts_at_once
from bot.trainings.plan_decision import decide, decided
from tasks.broker.job import Event, Job

LOOK_SECONDS = 5.0


class PlanFollower:
    """One plan's way into its channel."""

    def __init__(self, bot: Bot, streams: Streams, job: Job) -> None:
        self._bot = bot
        self._streams = streams
        self._job = job
        self._actor = Actor.of_destination(job.destination)
        self._language = bot.language(unescape(job.asked["text"]))

    async def run(self) -> None:
        """Follow the job to its end; returns when the person knows what came of it."""
        events = await asyncio.to_thread(self._streams.follow, self._job.id)
        try:
            if self._job.state == "new":
                await self._prepare()
            final = await self._final(events)
        finally:
            self._streams.leave(self._job.id)
        await self._end(final)

    async def _prepare(self) -> None:
        options = dict(self._job.asked["options"])
        action = Action("train plan", str(options.get("output", "output")))
        if await permitted(self._bot, self._actor, action, self._language):
            await note(self._bot, self._actor, action, "done")
            await asyncio.to_thread(enqueue, self._bot.jobs, self._job, {"options": options})
        else:
            refused = {"reason": "refused"}
            await asyncio.to_thread(self._bot.jobs.end_unstarted, self._job.id, "failed", refused)

    async def _final(self, events: "asyncio.Queue[Event]") -> Event:
        while True:
            try:
                event = await asyncio.wait_for(events.get(), LOOK_SECONDS)
            except TimeoutError:
                await asyncio.to_thread(give_up_without_workers, self._bot.jobs, self._job)
                continue
            if event.final:
                return event

    async def _end(self, final: Event) -> None:
        if final.type == "finished":
            await self._show(await self._card(final))
        elif final.type == "cancelled":
            await whisper(self._bot.client, self._actor, say("plan.cancelled", self._language))
        elif final.data.get("reason") != "refused":  # who was refused knows it already
            text = failure(final.data, self._language)
            await whisper(self._bot.client, self._actor, text)

    async def _card(self, final: Event) -> Post:
        plan, jobs = final.data["plan"], self._bot.jobs
        if not starts_at_once(plan):
            stands = await asyncio.to_thread(decided, jobs, self._job.id)
            if stands is None:
                return card(plan, self._language, ask_for=self._job.id)
            return card(plan, self._language, note=decision(stands, self._language))
        job = await asyncio.to_thread(jobs.get, self._job.id) or self._job
        await asyncio.to_thread(decide, jobs, job, "started", self._actor.user)
        return card(plan, self._language, note=say("plan.started_at_once", self._language))

    async def _show(self, post: Post) -> None:
        messages = Moving(self._bot.client, Notes(self._bot.jobs, self._job), self._language)
        plain = sentence(say("plan.unshown", self._language))
        await messages.end(post, plain, state="finished")
