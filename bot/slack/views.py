"""Opening a form, for which Slack gives three seconds after a press or a command."""

import logging
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.notify import notify_person
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)


async def open_view(
    client: AsyncWebClient, actor: Actor, trigger: str, view: dict[str, Any], language: Language
) -> None:
    """Open `view`; where Slack refuses, `actor` is told."""
    try:
        await client.views_open(trigger_id=trigger, view=view)
    except FAILURES as error:
        log.warning("a form was not opened: %s", failure_of(error).reason)
        await notify_person(client, actor, say("feedback.no_form", language))
