"""What every listener and follower needs: the bot's identity, connections and settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.i18n.lookup import Language
from bot.pace.edit_pace import EditPace
from bot.settings import BotSettings
from bot.slack.admins import Admins
from tasks.adapters.registry import Registry
from tasks.audit import Audit
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
    user: str
    name: str
    task_settings: Settings
    admins: Admins
    audit: Audit
    registry: Registry

    def language(self, text: str) -> Language:
        """Return the language in which the bot's own sentences reply to `text`."""
        return self.settings.language or language_of(text)

    def language_under(self, body: Mapping[str, Any]) -> Language:
        """Return the language of the message under which something was pressed or chosen."""
        return self.language(str((body.get("message") or {}).get("text") or ""))
