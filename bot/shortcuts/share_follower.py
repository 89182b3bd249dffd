"""Posts an answer that its asker shares, and says in the form that it is there."""

import asyncio
import logging
from collections.abc import Sequence

from bot.bot import Bot
from bot.delivery.destination import Destination
from bot.delivery.journal import Journal
from bot.delivery.reply import Reply
from bot.delivery.retry import deliver
from bot.feedback.answered import text_of
from bot.i18n.lookup import say
from bot.relay.event_streams import EventStreams
from bot.shortcuts.shown import complete_form, shared_posts
from bot.shortcuts.wanted import Wanted
from bot.slack.actor import Actor
from bot.slack.blocks import Post, sentence
from bot.slack.notify import notify_person
from bot.slack.outgoing_text import QUESTION_CHARACTERS
from bot.slack.refusals import FAILURES, failure_of
from tasks.asking.subjects import Subjects
from tasks.broker.job import Ending, Job

log = logging.getLogger(__name__)


class ShareFollower:
    """Follows one job that shares another's answer; no worker has to do with it."""

    def __init__(self, bot: Bot, streams: EventStreams, job: Job) -> None:
        self._bot = bot
        self._job = job
        self._language = bot.language_of_job(job)

    async def run(self) -> None:
        """Post the answer once, and end the job."""
        if self._job.over:
            if self._job.state == "failed":  # the queue was full when it was stored
                await self._tell("share.gone")
            return
        shared = await asyncio.to_thread(self._bot.jobs.get, str(self._job.asked.get("share")))
        if shared is None or not shared.over or "shortcut" not in shared.asked:
            await self._end("failed")
            await self._tell("share.gone")
            return
        posts = await self._posts(shared)
        journal = Journal(self._bot.jobs, self._job)
        reply = Reply(self._bot.client, journal, Destination.of(self._job))

        async def show(posts: Sequence[Post]) -> None:
            await reply.show(posts, state="finished")

        plain = sentence(say("failed.unshown", self._language))
        if await deliver(show, posts, plain, journal) == "delivered":
            await self._end("finished")
        else:
            await self._end("failed")
            await self._tell("share.no_channel")
        await self._update_form(shared)

    async def _posts(self, shared: Job) -> Sequence[Post]:
        events = await asyncio.to_thread(self._bot.jobs.events, shared.id)
        wanted = Wanted.of(shared)
        name = await self._bot.people.name(str(self._job.destination["user"]))
        what = wanted.asked(self._language)["text"]
        key = "share.heading_question" if wanted.question else "share.heading"
        heading = say(key, self._language, name=name, what=" ".join(what.split()))
        heading = heading[: 2 * QUESTION_CHARACTERS]
        return shared_posts(shared, text_of(events), events[-1], heading, self._language)

    async def _end(self, ending: Ending) -> None:
        data = {"reason": "share"} if ending == "failed" else {}
        await asyncio.to_thread(self._bot.jobs.end_unstarted, self._job.id, ending, data)

    async def _tell(self, key: str) -> None:
        actor = Actor.of_destination(self._job.destination)
        language = await self._bot.language_for(actor.user)
        await notify_person(self._bot.client, actor, say(key, language, bot=self._bot.name))

    async def _update_form(self, shared: Job) -> None:
        """Show in the form, if it is still open, whether the answer was shared."""
        language = self._bot.language_of_job(shared)
        events = await asyncio.to_thread(self._bot.jobs.events, shared.id)
        subject = await asyncio.to_thread(Subjects(self._bot.jobs.redis).get, shared.id)
        view = await asyncio.to_thread(
            complete_form,
            *(self._bot.jobs, shared, subject, text_of(events), events[-1], language),
        )
        try:
            await self._bot.client.views_update(external_id=view["external_id"], view=view)
        except FAILURES as error:
            log.info("job %s: its form is as it was: %s", shared.id, failure_of(error).reason)
