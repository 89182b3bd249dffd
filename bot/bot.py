"""What every listener and follower needs: the bot's identity, connections and settings."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError
from slack_sdk.web.async_client import AsyncWebClient

from bot.i18n.lookup import Language
from bot.pace.edit_pace import EditPace
from bot.pace.stream_pace import StreamPace
from bot.people.admins import Admins
from bot.people.askers import Askers
from bot.people.people import People
from bot.settings import BotSettings
from bot.slack.incoming_text import has_words
from bot.surface import Surface
from tasks.adapters.registry import Registry
from tasks.asking.channels import Channels
from tasks.audit import Audit
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.settings import Settings
from trainer.data.wordings import language_of


@dataclass(frozen=True)
class Bot:
    """One bot in one workspace; `user` is its id there, `name` what people call it."""

    client: AsyncWebClient
    jobs: Jobs
    settings: BotSettings
    edit_pace: EditPace
    stream_pace: StreamPace
    form_pace: EditPace
    user: str
    name: str
    task_settings: Settings
    people: People
    admins: Admins
    askers: Askers
    audit: Audit
    registry: Registry
    surface: Surface = field(default_factory=Surface)

    def language(self, text: str) -> Language:
        """Return the language in which the bot's own sentences reply to `text`."""
        return self.settings.language or language_of(text)

    def language_of_question(self, text: str, user: str) -> Language:
        """Return the language in which a question is answered; Slack is not asked.

        One without words, as a file or an emoji, has that of its asker's Slack, if it is known.
        """
        if has_words(text):
            return self.language(text)
        return self.settings.language or self.people.known_language(user) or language_of(text)

    def language_of_job(self, job: Job) -> Language:
        """Return the language in which a job is shown where it was asked."""
        said: Language | None = job.asked.get("language")
        return said or self.language(str(job.asked.get("text", "")))

    async def language_for(self, user: str, text: str = "") -> Language:
        """Return the language of what is said to one person: that of their Slack.

        Where Slack does not say it in time, it is the language of `text`, which they wrote or read.
        """
        if self.settings.language:
            return self.settings.language
        return await self.people.language(user) or language_of(text)

    async def language_in(self, channel: str, otherwise: Language) -> Language:
        """Return the language of what all in a channel see: the setting's, else the channel's."""
        if self.settings.language:
            return self.settings.language
        try:
            settings = await asyncio.to_thread(Channels(self.jobs.redis).get, channel)
        except RedisError:
            return otherwise
        return settings.language or otherwise

    async def language_of_press(self, body: Mapping[str, Any]) -> Language:
        """Return the language of what is said to whoever pressed or chose something."""
        under = str((body.get("message") or {}).get("text") or "")
        return await self.language_for(str(body["user"]["id"]), under)
