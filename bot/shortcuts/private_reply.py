"""The answer of one job in the form that asked for it; as a direct message where that is closed.

Slack answers an update of a closed form with `not_found`, and so it does for one that is not open
yet: a form opens within three seconds or never. That a person has closed a form is reported with
what it showed, which tells whether they have seen the complete answer. Exactly one of form and
direct message gets it; an update is repeated until Slack has answered, because it may have arrived.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.direct_fallback import DirectFallback
from bot.delivery.journal import Journal
from bot.delivery.retry import RETRY_SECONDS
from bot.i18n.lookup import Language
from bot.slack.blocks import Post
from bot.slack.refusals import FAILURES, failure_of
from tasks.asking.subjects import Subjects

log = logging.getLogger(__name__)

OPENS_WITHIN_SECONDS = 4.0
"""Longer than a trigger lives, within which a form is opened or its submission acknowledged."""

SETTLES_SECONDS = 1.0
"""Within it a form that was closed before an update, or put back behind it, is reported."""

OPENING_PAUSE_SECONDS = 0.2

View = dict[str, Any]


class PrivateReply:
    """What one follower shows of a job to its asker."""

    def __init__(self, client: AsyncWebClient, journal: Journal, language: Language) -> None:
        self._client = client
        self._journal = journal
        self._job = journal.job
        self._subjects = Subjects(journal.redis)
        self._direct = DirectFallback(client, journal, language)
        self._gone = bool(journal.get("moved", ""))
        self._updating = asyncio.Lock()
        self._since = time.monotonic()

    async def show(self, view: View) -> None:
        """Show `view` while the job goes on; a failed update is left to the next call."""
        if self._gone:
            return
        try:
            await self._update(view)
        except FAILURES as error:
            failure = failure_of(error)
            log.info("job %s: its form was not updated: %s", self._job.id, failure.reason)
            if failure.reason == "not_found":
                self._gone = not self._may_open or await self._closed() is not None

    async def end(
        self,
        complete: Callable[[], Awaitable[View]],
        posts: Sequence[Post],
        plain: Post,
        *,
        state: str,
    ) -> None:
        """Show the `complete` view, or else `posts` in a direct message, `plain` at the worst."""
        revision = self._job.revision
        if self._journal.get("shown", None) != revision and await self._end_in_form(complete):
            await self._journal.write(shown=revision)
        if self._journal.get("shown", None) == revision:
            await asyncio.sleep(SETTLES_SECONDS)
            # What was on its way, such as the acknowledgement of a question, or an update of a
            # bot that has lost this job, may have come behind. Made anew: the answer may be shared
            # meanwhile.
            await self.show(await complete())
            if await self._closed() != "early":
                return
        await self._direct.end(posts, plain, state=state)

    @property
    def _may_open(self) -> bool:
        return time.monotonic() - self._since < OPENS_WITHIN_SECONDS

    async def _end_in_form(self, complete: Callable[[], Awaitable[View]]) -> bool:
        """Show the complete answer in the form; False where that is closed, or does not take it."""
        attempt = 0
        while not self._journal.get("moved", ""):
            closed = await self._closed()
            if closed:
                return closed == "complete"
            view = await complete()
            try:
                await self._update(view)
            except FAILURES as error:
                failure = failure_of(error)
                log.info("job %s: its form was not updated: %s", self._job.id, failure.reason)
                if failure.reason == "not_found" and self._may_open:
                    await asyncio.sleep(OPENING_PAUSE_SECONDS)
                    continue
                if failure.kind == "no_access":
                    await self._journal.record_no_access(failure.reason)
                elif failure.kind != "passing":
                    await asyncio.sleep(SETTLES_SECONDS)
                    return await self._closed() == "complete"
            else:
                return True
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            attempt += 1
        return False

    async def _update(self, view: View) -> None:
        """Update the form; one that was begun is completed before the next, also if cancelled."""
        update = asyncio.ensure_future(self._update_in_turn(view))
        await asyncio.shield(update)

    async def _update_in_turn(self, view: View) -> None:
        async with self._updating:
            await self._client.views_update(external_id=view["external_id"], view=view)

    async def _closed(self) -> str | None:
        return await asyncio.to_thread(self._subjects.closed, self._job.id)
