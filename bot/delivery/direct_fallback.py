"""The messages of a job where it was asked or, where Slack takes none there, in a direct message.

Slack refuses posts in a channel that is archived, gone, or one the bot is not in, and in a thread
that was deleted. From then on the job's messages go to the person who asked, until the job ends. If
Slack refuses those too, nothing more is posted, and the job is counted as undelivered.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from redis.exceptions import RedisError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Journal
from bot.delivery.reply import Reply
from bot.delivery.retry import RETRY_SECONDS, deliver, until_taken
from bot.i18n.lookup import Language, say
from bot.pace.stream_pace import StreamPace
from bot.slack.blocks import Post, section
from bot.slack.notify import direct_channel
from bot.slack.outgoing_text import shortened
from bot.slack.refusals import FAILURES, failure_of
from tasks.broker.counters import add

log = logging.getLogger(__name__)

NAMED_CHARACTERS = 200
"""The most of a question that a notice names."""


class DirectFallback:
    """The messages of one job, and the conversation they are in now."""

    def __init__(
        self,
        client: AsyncWebClient,
        journal: Journal,
        language: Language,
        streams: StreamPace | None = None,
    ) -> None:
        """With `streams` the last message grows by a native stream where it can."""
        self._client = client
        self._journal = journal
        self._job = journal.job.id
        self._language = language
        self._streams = streams
        self._direct_channel = str(journal.get("moved", ""))
        self._unreachable = False
        # What was asked in a form is for one person, and posted nowhere else.
        self._private = "form" in journal.job.destination
        self._reply = self._new_reply()

    @property
    def destination(self) -> Destination:
        """Where the job's messages are, or will be."""
        asked = Destination.of(self._journal.job)
        if not self._direct_channel:
            return asked
        return Destination(self._direct_channel, "", asked.since)

    @property
    def begun(self) -> bool:
        """Whether there is a message of this job, or may be."""
        return self._reply.begun

    @property
    def is_streaming(self) -> bool:
        """Whether the last message grows by a stream."""
        return self._reply.is_streaming

    @property
    def thread(self) -> Destination | None:
        """The thread of the job's message; None while there is no message."""
        if self._unreachable or not self._reply.messages:
            return None
        here = self.destination
        return Destination(here.channel, self._reply.messages[0], here.since)

    async def show(self, posts: Sequence[Post], *, state: str) -> None:
        """Show `posts` while the job goes on; a failed edit is left to the next call."""
        if self._unreachable:
            return
        try:
            await self._reply.show(self._with_notice(posts), state=state)
        except FAILURES as error:
            failure = failure_of(error)
            log.warning("job %s: an edit failed: %s", self._job, failure.reason)
            if failure.kind == "no_destination" and await self._fall_back():
                await self.show(posts, state=state)

    async def end(self, final: Sequence[Post], plain: Post, *, state: str) -> None:
        """Show the final posts, or `plain` if Slack refuses it, until nothing is left to try."""

        async def show(posts: Sequence[Post]) -> None:
            await self._reply.show(self._with_notice(posts), state=state)

        while not self._unreachable:
            if self._private and not self._direct_channel:
                if not await self._fall_back():
                    await asyncio.sleep(RETRY_SECONDS[-1])
                continue
            delivery = await deliver(show, final, plain, self._journal)
            if delivery == "delivered":
                return
            if delivery == "refused":
                break
            if not await self._fall_back():
                await asyncio.sleep(RETRY_SECONDS[-1])
        await self._count_undelivered()

    async def remove(self) -> None:
        """Delete the job's messages; while Slack does not take that, it is tried again."""
        remove = partial(self._reply.show, [], state="withdrawn")
        await until_taken(f"job {self._job}: not removed", remove)

    async def is_shown(self) -> bool:
        """Tell whether there is a message of this job; one that may be there is looked for."""
        look = f"job {self._job}: its messages are not known"
        return bool(await until_taken(look, self._reply.is_shown))

    async def _fall_back(self) -> bool:
        """Go on in a direct message, and from there nowhere; False where Slack opens none now."""
        if self._direct_channel:
            self._unreachable = True
            log.error("job %s: Slack takes its message nowhere", self._job)
            return True
        user = str(self._journal.job.destination["user"])
        try:
            channel = await direct_channel(self._client, user)
        except FAILURES as error:
            failure = failure_of(error)
            log.warning("job %s: no direct message: %s", self._job, failure.reason)
            if failure.kind in ("passing", "no_access"):
                return False
            self._unreachable = True
            log.error("job %s: Slack takes its message nowhere", self._job)
            return True
        log.warning("job %s: goes on in a direct message", self._job)
        self._direct_channel = channel
        await self._journal.write(moved=channel, messages=[], posting=False)
        self._reply = self._new_reply()
        return True

    async def _count_undelivered(self) -> None:
        counted = {f"undelivered:{self._journal.job.kind}": 1}
        try:
            await asyncio.to_thread(add, self._journal.redis, counted)
        except RedisError as error:
            log.warning("job %s: it is not counted as undelivered: %s", self._job, error)

    def _with_notice(self, posts: Sequence[Post]) -> Sequence[Post]:
        """Return the posts; in a direct message the first begins by saying why it is there."""
        if not self._direct_channel:
            return posts
        first, notice = posts[0], self._notice()
        return [Post(f"{notice}\n{first.text}", (section(notice), *first.blocks)), *posts[1:]]

    def _notice(self) -> str:
        asked = self._journal.job.destination
        if self._private:
            what = self._journal.job.asked.get("text") or "-"
            return say("moved.form", self._language, what=shortened(str(what), NAMED_CHARACTERS))
        key = "moved.direct" if asked.get("dm") else "moved"
        return say(key, self._language, channel=asked["channel"])

    def _new_reply(self) -> Reply:
        return Reply(self._client, self._journal, self.destination, self._streams)
