"""What listeners and followers act with: who the bot is, its connections and its settings."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.i18n.catalogue import Language, language_of
from bot.settings import BotSettings
from bot.slack.admins import Admins
from bot.slack.edit_pace import Pace
from tasks.adapters.registry import Registry
from tasks.audit import Audit
from tasks.broker.jobs import Jobs
from tasks.settings import Settings


@dataclass(frozen=True)
class Bot:
    """One bot of one workspace."""

    client: AsyncWebClient
    jobs: Jobs
    settings: BotSettings
    pace: Pace
    user: str
    name: str
    home: Settings
    admins: Admins
    audit: Audit
    registry: Registry

    def language(self, text: str) -> Language:
        """Return the language of the bot's own sentences to someone who wrote `text`."""
        return self.settings.language or language_of(text)
