"""The milestones of a training: messages in its thread, each posted exactly once, in order.

Each milestone has a name. The journal has the names that are done with (`milestones`) and the one
that is being posted (`milestone`); one whose post was begun and not confirmed is looked for in the
thread by its metadata. Where an earlier follower may have posted what the journal does not have,
the thread is looked through once, and then the journal is right. A post that Slack does not take
for now is tried again with the next.
"""

import asyncio
import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Journal
from bot.delivery.posted import metadata, milestones_posted
from bot.delivery.retry import RETRY_SECONDS
from bot.slack.blocks import Post, sentence
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

LAST_TRIES = 5
"""How often the remaining milestones are tried when the training has ended."""


class Milestones:
    """The milestones of one job that are done with, and a queue of those still to be posted."""

    def __init__(self, client: AsyncWebClient, journal: Journal) -> None:
        self._client = client
        self._journal = journal
        self._job = journal.job.id
        self._waiting: dict[str, Post] = {}
        self._skipped: set[str] = set()
        self._looked_through: set[Destination] = set()

    def add(self, name: str, text: str) -> None:
        """Queue a sentence as the milestone `name`, unless that was posted or skipped."""
        self.add_post(name, sentence(text))

    def add_post(self, name: str, post: Post) -> None:
        """Queue a message as the milestone `name`, unless that was posted or skipped."""
        if name not in self._skipped and not self._is_done(name):
            self._waiting.setdefault(name, post)

    def skip(self, *names: str) -> None:
        """Never post these milestones; the next `post` writes them into the journal."""
        for name in set(names) - self._skipped:
            self._skipped.add(name)
            self._waiting.pop(name, None)

    async def post(self, thread: Destination | None) -> bool:
        """Post what waits; False where something still does, because Slack does not take it now."""
        await self._mark_done(*self._skipped)
        while self._waiting:
            name = next(iter(self._waiting))
            if thread is None or not await self._try(name, self._waiting[name], thread):
                return False
            del self._waiting[name]
        return True

    async def finish(self, thread: Destination | None) -> None:
        """Post what waits, in several tries; without a thread nothing can be posted."""
        if thread is None:
            return
        for pause in RETRY_SECONDS[:LAST_TRIES]:
            if await self.post(thread):
                return
            await asyncio.sleep(pause)

    async def _try(self, name: str, post: Post, thread: Destination) -> bool:
        """Post one milestone; one that Slack refuses as it is counts as done."""
        try:
            await self._post_once(name, post, thread)
        except FAILURES as error:
            failure = failure_of(error)
            log.warning("job %s: %s was not posted: %s", self._job, name, failure.reason)
            # Without a destination the job's message moves first, or nothing can be posted at all.
            if failure.kind in ("passing", "no_access", "no_destination"):
                return False
            await self._mark_done(name)
        return True

    async def _post_once(self, name: str, post: Post, thread: Destination) -> None:
        if self._is_in_doubt(name, thread):
            await self._mark_done(*await milestones_posted(self._client, thread, self._job))
            self._looked_through.add(thread)
        if not self._is_done(name):
            await self._journal.write(milestone=name)
            await self._client.chat_postMessage(
                channel=thread.channel,
                thread_ts=thread.thread_ts or None,
                text=post.text,
                blocks=list(post.blocks),
                metadata=metadata(self._job, milestone=name),
            )
        await self._mark_done(name)

    def _is_in_doubt(self, name: str, thread: Destination) -> bool:
        if self._journal.get("milestone", "") == name:
            return True
        return self._journal.job.posts_in_doubt and thread not in self._looked_through

    def _is_done(self, name: str) -> bool:
        return name in self._journal.get("milestones", [])

    async def _mark_done(self, *names: str) -> None:
        new = [name for name in names if not self._is_done(name)]
        if new:
            done = [*self._journal.get("milestones", []), *new]
            begun = self._journal.get("milestone", "")
            # Another one that was begun stays in doubt: it is looked for before it is posted again.
            await self._journal.write(milestones=done, milestone="" if begun in new else begun)
