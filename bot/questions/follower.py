"""Follows one question's job from the relay's claim to the final message.

Prepares the request, shows the thread's status, then the text as it grows, and at the end exactly
one final answer. Another relay can take over at any point: everything it needs is in the job's
record and its event stream.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bot.background import log_failure
from bot.bot import Bot
from bot.delivery.direct_fallback import DirectFallback
from bot.delivery.journal import Journal
from bot.delivery.retry import until_taken
from bot.errors import CannotAnswer
from bot.i18n.lookup import failure, say
from bot.people.askers import BARRED, REFUSALS
from bot.questions import answer
from bot.questions.agent.session import Session
from bot.questions.arrival import mentions, thread_of
from bot.questions.changes import follow_up
from bot.questions.rating import with_feedback
from bot.questions.request import prepare
from bot.questions.thread_status import ThreadStatus
from bot.relay.dispatch import Outlook, enqueue
from bot.relay.event_streams import EventStreams
from bot.relay.growing_text import GrowingText
from bot.slack.actor import Actor
from bot.slack.blocks import Post, sentence
from bot.slack.notify import tell_person
from tasks.adapters.reference import adapter_name
from tasks.asking.channels import Channels, ChannelSettings
from tasks.broker.job import Ending, Event, Job, asker_of, channel_of
from tasks.broker.jobs import thread_key

log = logging.getLogger(__name__)


class QuestionFollower:
    """Shows one job in the thread in which it was asked, or to its asker where that is gone."""

    def __init__(self, bot: Bot, streams: EventStreams, job: Job) -> None:
        self._bot = bot
        self._streams = streams
        self._job = job
        # Stored beside the text, which is not there any more where its asker was forgotten.
        self._language = bot.language_of_job(job)
        # In a channel a native stream is live for one person only; for the others it stands still.
        natively = bot.stream_pace if job.destination["dm"] else None
        self._reply = DirectFallback(bot.client, Journal(bot.jobs, job), self._language, natively)
        self._session = Session(bot.client, bot.surface, bot.jobs, job)
        self._status = ThreadStatus(bot, job, self._session, self._language)
        self._growing = GrowingText(streams, Outlook(bot.jobs, job), job)

    async def run(self) -> None:
        """Follow the job to its end; returns when its final message is in the thread.

        Returns also when what was asked has changed: who follows the job then reads it anew.
        """
        if self._job.withdrawn:
            await self._reply.remove()
            await self._status.clear()
            await self._session.end()
            return
        if self._job.revision and self._job.state == "new" and self._reply.begun:
            notice = answer.starting_over(self._job.id, self._language)
            await self._reply.show(notice, state="running")
        try:
            final = await self._final()
            if final.type != "revised":
                await self._end(final)
                await self._session.end()
        finally:
            self._bot.edit_pace.end(self._job.id)
            self._bot.stream_pace.end(self._job.id)

    async def _final(self) -> Event:
        """Show the text as it grows, and return the final event."""
        events = await asyncio.to_thread(self._streams.follow, self._job.id)
        status = asyncio.create_task(self._keep_status())
        status.add_done_callback(partial(log_failure, f"job {self._job.id}: its status"))
        try:
            if self._job.state == "new":
                await self._prepare()

            async def show() -> None:
                status.cancel()
                await self._reply.show(self._headed(self._posts()), state="running")

            return await self._growing.until_final(events, self._turn, show)
        finally:
            self._streams.leave(self._job.id)
            status.cancel()
            await asyncio.gather(status, return_exceptions=True)

    async def _keep_status(self) -> None:
        """Keep the thread's status, unless there is a message already: only a new one ends it."""
        if not self._reply.begun:
            await self._status.keep()

    async def _prepare(self) -> None:
        try:
            own = await asyncio.to_thread(self._settings_of_channel)
            if "request" not in self._job.asked:  # which an admin asks for
                await self._bot.askers.check(self._job, self._bot.jobs, own)
            prepared = await prepare(self._bot, self._job, own)
        except CannotAnswer as why:
            if why.reason in BARRED:
                # What others say in this thread is not for the bot because of such a question.
                thread, user = thread_of(self._job.destination), asker_of(self._job.destination)
                await asyncio.to_thread(self._bot.jobs.leave_thread, thread_key(thread), user)
            data = {"reason": why.reason, **why.values}
            await self._end_unstarted("failed", data)
            return
        if prepared is None:
            await self._end_unstarted("finished", {"help": True})
        else:
            hand_over = partial(enqueue, adapter=prepared.adapter)
            await asyncio.to_thread(hand_over, self._bot.jobs, self._job, prepared.request)

    async def _end_unstarted(self, ending: Ending, data: Mapping[str, Any]) -> None:
        end = partial(self._bot.jobs.end_unstarted, revision=self._job.revision)
        await asyncio.to_thread(end, self._job.id, ending, data)

    def _settings_of_channel(self) -> ChannelSettings:
        return Channels(self._bot.jobs.redis).get(channel_of(self._job.destination))

    async def _turn(self) -> None:
        """Wait until text may be shown."""
        if self._reply.is_streaming:
            await self._bot.stream_pace.wait_for_turn()
        elif self._reply.begun:
            await self._bot.edit_pace.wait_for_turn()
        else:
            channel = self._reply.destination.channel
            await self._bot.edit_pace.wait_to_begin(self._job.id, channel)

    def _posts(self) -> list[Post]:
        """Return how the job looks while it goes on."""
        if self._growing.text:
            return answer.running(self._growing.text, self._job.id, self._language)
        return answer.unwritten(self._growing, self._job.id, self._language)

    async def _end(self, final: Event) -> None:
        if self._is_refusal(final) and not await self._reply.is_shown():
            await self._refuse(final)
            return
        plain = sentence(say("failed.unshown", self._language))
        if self._reply.begun:
            self._bot.edit_pace.edit_out_of_turn()
        posts = [await self._help()] if final.data.get("help") else self._final_posts(final)
        await self._reply.end(posts, plain, state=final.type)

    def _is_refusal(self, final: Event) -> bool:
        """Whether the question is refused where others read along."""
        refused = final.type == "failed" and final.data.get("reason") in REFUSALS
        return refused and not self._job.destination["dm"]

    @property
    def _is_unmentioned_reply(self) -> bool:
        """Whether it was said in a thread of the bot's, and not to the bot by name."""
        where, asked = self._job.destination, self._job.asked
        is_reply = where["thread_ts"] != where.get("ts") and "follows" not in asked
        return is_reply and not mentions(self._bot, str(asked["text"]))

    async def _refuse(self, final: Event) -> None:
        """Tell the asker alone; in a direct message where Slack does not take it in the channel.

        Who may not ask is told nothing about what they say in a thread without naming the bot.
        """
        reason, asked = str(final.data["reason"]), str(self._job.asked["text"])
        if reason in BARRED and self._is_unmentioned_reply:
            await self._status.clear()
            return
        where = self._job.destination
        # In a thread that does not exist yet it would not be seen.
        thread = "" if where["thread_ts"] == where.get("ts") else str(where["thread_ts"])
        actor = replace(Actor.of_destination(where), thread_ts=thread)
        language = await self._bot.language_for(actor.user, asked)
        values = {key: value for key, value in final.data.items() if key != "reason"}
        tell = partial(tell_person, self._bot.client, actor, failure(reason, language, **values))
        await until_taken(f"job {self._job.id}: its refusal is not told", tell)
        await self._status.clear()

    async def _help(self) -> Post:
        """Return how to ask, for somebody who has said nothing that has a language."""
        user = str(self._job.destination["user"])
        language = await self._bot.language_for(user, str(self._job.asked["text"]))
        return sentence(say("help", language, bot=self._bot.name))

    def _final_posts(self, final: Event) -> list[Post]:
        data = dict(final.data)
        if data.get("reason") in ("adapter", "adapter_model"):
            data["name"] = adapter_name(self._job.adapter)
        if data.get("adapter"):
            data["adapter"] = adapter_name(str(data["adapter"]))
        data |= {"follows": self._job.asked.get("follows", {}).get("how", "")}
        posts = answer.ended(self._growing.text, final.type, data, self._language)
        return self._headed(self._rateable(self._with_follow_ups(posts, final), final))

    def _with_follow_ups(self, posts: list[Post], final: Event) -> list[Post]:
        """Put under an answer what its asker can have of it."""
        if "request" in self._job.asked:  # the bot itself asked, as for a comparison
            return posts
        blocks = follow_up.buttons(self._job, final, self._growing.text, self._language)
        return [*posts[:-1], Post(posts[-1].text, (*posts[-1].blocks, *blocks))]

    def _rateable(self, posts: list[Post], final: Event) -> list[Post]:
        """Put under an answer what people rate and correct it with, where that is collected."""
        # The bot itself asked, as for a comparison, or this is the rest of an answer.
        own = "request" in self._job.asked
        own = own or self._job.asked.get("follows", {}).get("how") == "continue"
        collected = self._bot.task_settings.feedback == "on"
        if not collected or own or final.type != "finished" or not self._growing.text.strip():
            return posts
        blocks = with_feedback(posts[-1].blocks, self._job.id, self._language)
        return [*posts[:-1], Post(posts[-1].text, blocks)]

    def _headed(self, posts: list[Post]) -> list[Post]:
        """Put the line that says who answers above the first message, if the job has one."""
        heading = str(self._job.asked.get("heading", ""))
        return [answer.headed(posts[0], heading), *posts[1:]] if heading else posts
