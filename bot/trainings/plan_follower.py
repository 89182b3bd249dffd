"""Follows a plan's job: the check of the right to train, the plan, and its message.

A refusal or a failure is told to the person who asked; a plan is shown in the channel. A short
training starts at once; a longer one waits for a button (`bot.listeners.trainings.plan_buttons`).
"""

import asyncio

from bot.admin_action import Action, permitted, write_audit_line
from bot.bot import Bot
from bot.delivery.direct_fallback import DirectFallback
from bot.delivery.journal import Journal
from bot.i18n.lookup import Language, say
from bot.relay.dispatch import Outlook, enqueue
from bot.relay.event_streams import EventStreams
from bot.relay.job_events import JobEvents
from bot.slack.actor import Actor
from bot.slack.blocks import Post, sentence
from bot.slack.notify import notify_person
from bot.trainings.failure import failure
from bot.trainings.plan_card import decision_sentence, plan_card, starts_at_once
from bot.trainings.plan_decision import decide, decision_on
from tasks.broker.job import Event, Job


class PlanFollower:
    """Shows one plan in the channel in which it was asked for."""

    def __init__(self, bot: Bot, streams: EventStreams, job: Job) -> None:
        self._bot = bot
        self._streams = streams
        self._job = job
        self._actor = Actor.of_destination(job.destination)
        self._language = bot.language_of_job(job)

    async def run(self) -> None:
        """Follow the job to its end; returns when its plan is shown or its failure is told."""
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
        if await permitted(self._bot, self._actor, action, await self._private()):
            await write_audit_line(self._bot, self._actor, action, "done")
            await asyncio.to_thread(enqueue, self._bot.jobs, self._job, {"options": options})
        else:
            refused = {"reason": "refused"}
            await asyncio.to_thread(self._bot.jobs.end_unstarted, self._job.id, "failed", refused)

    async def _final(self, events: JobEvents) -> Event:
        outlook = Outlook(self._bot.jobs, self._job)
        while True:
            event = await outlook.next_event(events)
            if event.final:
                return event

    async def _end(self, final: Event) -> None:
        if final.type == "finished":
            await self._show(await self._card(final))
        elif final.type == "cancelled":
            text = say("plan.cancelled", await self._private())
            await notify_person(self._bot.client, self._actor, text)
        elif final.data.get("reason") != "refused":  # `permitted` has told a refusal
            text = failure(final.data, await self._private())
            await notify_person(self._bot.client, self._actor, text)

    async def _private(self) -> Language:
        """Return the language of what only the person is told."""
        return await self._bot.language_for(self._actor.user, str(self._job.asked["text"]))

    async def _card(self, final: Event) -> Post:
        plan, jobs = final.data["plan"], self._bot.jobs
        if not starts_at_once(plan):
            decision = await asyncio.to_thread(decision_on, jobs, self._job.id)
            if decision is None:
                return plan_card(plan, self._language, ask_for=self._job.id)
            return plan_card(plan, self._language, note=decision_sentence(decision, self._language))
        job = await asyncio.to_thread(jobs.get, self._job.id) or self._job
        await asyncio.to_thread(decide, jobs, job, "started", self._actor.user)
        return plan_card(plan, self._language, note=say("plan.started_at_once", self._language))

    async def _show(self, post: Post) -> None:
        journal = Journal(self._bot.jobs, self._job)
        message = DirectFallback(self._bot.client, journal, self._language)
        plain = sentence(say("plan.unshown", self._language))
        await message.end([post], plain, state="finished")
