"""Forms: what they have in common, what is set in them, and opening one.

Slack gives three seconds for opening after a press or a command.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.i18n.lookup import Language, say
from bot.slack.actor import Actor
from bot.slack.blocks import plain_text
from bot.slack.notify import notify_person
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[dict[str, Any]],
    language: Language,
    *,
    metadata: str,
    submit: str = "form.submit",
) -> dict[str, Any]:
    """Return the view of a form; `title` and `submit` name sentences of the catalogue."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": plain_text(say(title, language)),
        "submit": plain_text(say(submit, language)),
        "close": plain_text(say("form.close", language)),
        "blocks": list(blocks),
    }


def field_in(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what is set in the field whose block and action are called `name`, empty if nothing.

    A view comes from a person's client: it may be of any form.
    """
    found: Any = view
    for step in ("state", "values", name, name):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def value_in(view: Mapping[str, Any], name: str) -> str:
    """Return what is chosen or typed in a field; empty where it is nothing."""
    field = field_in(view, name)
    chosen = field.get("selected_option")
    value = chosen.get("value") if isinstance(chosen, Mapping) else field.get("value")
    return value if isinstance(value, str) else ""


async def open_view(
    client: AsyncWebClient, actor: Actor, trigger: str, view: dict[str, Any], language: Language
) -> None:
    """Open `view`; where Slack refuses, `actor` is told."""
    try:
        await client.views_open(trigger_id=trigger, view=view)
    except FAILURES as error:
        log.warning("a form was not opened: %s", failure_of(error).reason)
        await notify_person(client, actor, say("feedback.no_form", language))
