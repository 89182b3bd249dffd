"""The milestones of a training that are still to be posted into the thread of its message."""

import asyncio
import logging

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Notes
from bot.delivery.milestones import Milestones
from bot.delivery.retry import RETRY_SECONDS
from bot.questions.answer import Post, sentence
from bot.slack.refusals import HOPELESS, PASSING, passes, reason_of

log = logging.getLogger(__name__)

LAST_TRIES = 5


class Thread:
    """Posts in order, each milestone once; what fails is tried again the next time."""

    def __init__(self, client: AsyncWebClient, notes: Notes) -> None:
        self._milestones = Milestones(client, notes)
        self._job = notes.job.id
        self._waiting: dict[str, Post] = {}
        self._passed: set[str] = set()

    def add(self, name: str, text: str) -> None:
        """Let a sentence be posted as the milestone `name`, unless it was."""
        self.add_post(name, sentence(text))

    def add_post(self, name: str, post: Post) -> None:
        """Let a message be posted as the milestone `name`, unless it was."""
        if name not in self._passed and not self._milestones.said(name):
            self._waiting.setdefault(name, post)

    def pass_over(self, *names: str) -> None:
        """Let milestones never be posted."""
        new = [name for name in names if name not in self._passed]
        self._passed.update(new)
        for name in new:
            self._waiting.pop(name, None)

    async def post(self, destination: Destination | None) -> bool:
        """Post what waits; False where something still does, as Slack is away."""
        unsaid = [name for name in self._passed if not self._milestones.said(name)]
        if unsaid:
            await self._milestones.pass_over(*unsaid)
        while self._waiting:
            name = next(iter(self._waiting))
            if destination is None or not await self._said(name, self._waiting[name], destination):
                return False
            del self._waiting[name]
        return True

    async def finish(self, destination: Destination | None) -> None:
        """Post what waits, with some patience; without a destination there is nobody to tell."""
        if destination is None:
            return
        for pause in RETRY_SECONDS[:LAST_TRIES]:
            if await self.post(destination):
                return
            await asyncio.sleep(pause)

    async def _said(self, name: str, post: Post, destination: Destination) -> bool:
        """Post one; what Slack will never take counts as said."""
        try:
            await self._milestones.say(name, post, destination)
        except SlackApiError as error:
            log.warning("job %s: %s was not posted: %s", self._job, name, reason_of(error))
            if passes(error) or reason_of(error) in HOPELESS:  # then the message moves, or is over
                return False
            await self._milestones.pass_over(name)
        except PASSING as error:
            log.warning("job %s: %s was not posted: %s", self._job, name, type(error).__name__)
            return False
        return True
