"""Follows the job of a shortcut from the relay's claim to its one complete answer.

As `bot.questions.follower`, of which another bot can take over at any point; but the answer is
shown to one person alone.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from bot.background import log_failure
from bot.bot import Bot
from bot.delivery.journal import Journal
from bot.errors import CannotAnswer
from bot.i18n.lookup import say
from bot.questions import answer
from bot.questions.agent.session import Session
from bot.questions.thread_status import STATUS_POLL_SECONDS, ThreadStatus
from bot.relay.dispatch import Outlook, enqueue
from bot.relay.event_streams import EventStreams
from bot.relay.growing_text import GrowingText
from bot.shortcuts.private_reply import PrivateReply, View
from bot.shortcuts.request import prepare
from bot.shortcuts.shown import complete_form, complete_posts
from bot.shortcuts.views import answer_form, body_of, waiting
from bot.shortcuts.wanted import Wanted
from bot.slack.blocks import sentence
from tasks.asking.channels import Channels, ChannelSettings
from tasks.asking.subjects import Subject, Subjects
from tasks.broker.job import Ending, Event, Job, channel_of

log = logging.getLogger(__name__)


class ShortcutFollower:
    """Shows one job in the form from which it was asked, or in a direct message."""

    def __init__(self, bot: Bot, streams: EventStreams, job: Job) -> None:
        self._bot = bot
        self._streams = streams
        self._job = job
        self._wanted = Wanted.of(job)
        self._subject: Subject | None = None
        self._language = bot.language_of_job(job)
        self._reply = PrivateReply(bot.client, Journal(bot.jobs, job), self._language)
        session = Session(bot.client, bot.surface, bot.jobs, job)
        self._status = ThreadStatus(bot, job, session, self._language)
        self._growing = GrowingText(streams, Outlook(bot.jobs, job), job)

    async def run(self) -> None:
        """Follow the job to its end; returns when its person has the complete answer.

        Returns also when something else was chosen in the form: who follows the job then reads it
        anew.
        """
        subjects = Subjects(self._bot.jobs.redis)
        self._subject = await asyncio.to_thread(subjects.get, self._job.id)
        self._bot.form_pace.begin(self._job.id)
        try:
            final = await self._final()
            if final.type != "revised":
                await self._end(final)
        finally:
            self._bot.form_pace.end(self._job.id)

    async def _final(self) -> Event:
        """Show the text as it grows, and return the final event."""
        events = await asyncio.to_thread(self._streams.follow, self._job.id)
        status = asyncio.create_task(self._keep_status())
        status.add_done_callback(partial(log_failure, f"job {self._job.id}: its status"))

        async def show() -> None:
            status.cancel()
            await self._reply.show(self._view())

        try:
            if self._job.state == "new":
                await self._prepare()
            return await self._growing.until_final(events, self._bot.form_pace.wait_for_turn, show)
        finally:
            self._streams.leave(self._job.id)
            status.cancel()
            await asyncio.gather(status, return_exceptions=True)

    async def _keep_status(self) -> None:
        """Show in the form what the job waits for, until cancelled."""
        shown = ""
        while not self._job.over:
            try:
                text = await asyncio.to_thread(self._status.text)
            except RedisError:
                text = shown  # the broker is away: nothing new is known
            if text != shown:
                await self._show_status(text)
                shown = text
            await asyncio.sleep(STATUS_POLL_SECONDS)

    async def _show_status(self, text: str) -> None:
        await self._bot.form_pace.wait_for_turn()
        await self._reply.show(self._form(waiting(f"{self._bot.name} {text}")))

    async def _prepare(self) -> None:
        try:
            own = await asyncio.to_thread(self._settings_of_channel)
            await self._bot.askers.check(self._job, self._bot.jobs, own)
            request = await prepare(self._bot, self._wanted, self._subject, own)
        except CannotAnswer as why:
            await self._end_unstarted("failed", {"reason": why.reason, **why.values})
            return
        await asyncio.to_thread(enqueue, self._bot.jobs, self._job, request)

    def _settings_of_channel(self) -> ChannelSettings:
        return Channels(self._bot.jobs.redis).get(channel_of(self._job.destination))

    async def _end_unstarted(self, ending: Ending, data: Mapping[str, Any]) -> None:
        end = partial(self._bot.jobs.end_unstarted, revision=self._job.revision)
        await asyncio.to_thread(end, self._job.id, ending, data)

    def _view(self) -> View:
        """Return how the job looks while it goes on."""
        if self._growing.text:
            posts = answer.running(self._growing.text, self._job.id, self._language)
        else:
            posts = answer.unwritten(self._growing, self._job.id, self._language)
        return self._form(body_of(posts))

    def _form(self, body: list[dict[str, Any]]) -> View:
        return answer_form(self._job.id, self._wanted, self._subject, body, self._language)

    async def _end(self, final: Event) -> None:
        self._bot.form_pace.edit_out_of_turn()
        text = self._growing.text
        complete = partial(
            asyncio.to_thread,
            complete_form,
            *(self._bot.jobs, self._job, self._subject, text, final, self._language),
        )
        posts = complete_posts(self._job, self._subject, text, final, self._language)
        plain = sentence(say("failed.unshown", self._language))
        await self._reply.end(complete, posts, plain, state=final.type)
