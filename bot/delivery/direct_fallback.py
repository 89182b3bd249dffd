"""A job's messages in its channel or, where Slack takes none there, in a direct message.

Slack says so when the channel is archived, gone, or one the bot is not in; then what would have
been posted goes to the person who asked, for as long as the job lives.
"""

import asyncio
import logging
from collections.abc import Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Notes
from bot.delivery.reply import Reply
from bot.delivery.retry import RETRY_SECONDS, deliver
from bot.i18n.catalogue import Language, say
from bot.questions.answer import Post, section
from bot.slack.notify import direct_channel
from bot.slack.refusals import HOPELESS, PASSING, reason_of

log = logging.getLogger(__name__)


class Moving:
    """The messages of one job, and where they are now."""

    def __init__(self, client: AsyncWebClient, notes: Notes, language: Language) -> None:
        self._client = client
        self._notes = notes
        self._language = language
        self._moved = str(notes.get("moved", ""))
        self._lost = False
        self._reply = self._reply_here()

    @property
    def destination(self) -> Destination:
        """Where the job's message is, or will be."""
        destination = Destination.of(self._notes.job)
        return Destination(self._moved, "", destination.since) if self._moved else destination

    @property
    def thread(self) -> Destination | None:
        """The thread of the job's message; None while there is none."""
        if self._lost or not self._reply.messages:
            return None
        return Destination(
            self.destination.channel, self._reply.messages[0], self.destination.since
        )

    async def show(self, post: Post, *, state: str) -> None:
        """Show `post` on the way to the end; what fails is tried again with the next."""
        if self._lost:
            return
        try:
            await self._reply.show(self._told([post]), state=state)
        except SlackApiError as error:
            log.warning("job %s: an edit failed: %s", self._notes.job.id, reason_of(error))
            if reason_of(error) in HOPELESS and await self._move():
                await self.show(post, state=state)
        except PASSING as error:
            log.warning("job %s: an edit failed: %s", self._notes.job.id, type(error).__name__)

    async def end(self, post: Post, plain: Post, *, state: str) -> None:
        """Show the last post, whatever it takes."""

        async def show(posts: Sequence[Post]) -> None:
            await self._reply.show(self._told(posts), state=state)

        while not self._lost:
            if await deliver(show, [post], plain, self._notes.job.id) != "hopeless":
                return
            if not await self._move():
                await asyncio.sleep(RETRY_SECONDS[-1])

    async def _move(self) -> bool:
        """Go on in a direct message, from there nowhere; False where Slack is away."""
        if self._moved:
            self._lost = True
            log.error("job %s: nobody can be told", self._notes.job.id)
            return True
        try:
            channel = await direct_channel(self._client, str(self._notes.job.destination["user"]))
        except SlackApiError as error:
            self._lost = True
            log.error("job %s: nobody can be told: %s", self._notes.job.id, reason_of(error))
            return True
        except PASSING as error:
            log.warning("job %s: no direct message: %s", self._notes.job.id, type(error).__name__)
            return False
        log.warning("job %s: goes on in a direct message", self._notes.job.id)
        self._moved = channel
        await self._notes.put(moved=channel, messages=[], posting=False)
        self._reply = self._reply_here()
        return True

    def _told(self, posts: Sequence[Post]) -> Sequence[Post]:
        if not self._moved:
            return posts
        first, line = posts[0], say("moved", self._language)
        return [Post(f"{line}\n{first.text}", (section(line), *first.blocks)), *posts[1:]]

    def _reply_here(self) -> Reply:
        return Reply(self._client, self._notes, self.destination)
