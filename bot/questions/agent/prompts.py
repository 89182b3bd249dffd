"""The prompts that Slack suggests to whoever opens the agent, in their language."""

import logging
from typing import Any

from bot.bot import Bot
from bot.i18n.lookup import Language, say
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

PROMPTS = ("mail", "translate", "ideas", "summary")
"""Slack shows at most four
(https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts)."""


def suggested(language: Language) -> list[dict[str, str]]:
    """Return the prompts: what a button says, and what it asks."""
    return [
        {
            "title": say(f"agent.prompt.{name}", language),
            "message": say(f"agent.prompt.{name}_asks", language),
        }
        for name in PROMPTS
    ]


async def suggest(bot: Bot, channel: str, user: str) -> None:
    """Suggest prompts in a person's direct messages; a refusal is logged.

    Without a thread: with one Slack drops them silently where the app is an agent.
    """
    language = await bot.language_for(user)
    arguments: dict[str, Any] = {
        "channel_id": channel,
        "title": say("agent.prompts", language),
        "prompts": suggested(language),
    }
    try:
        await bot.client.assistant_threads_setSuggestedPrompts(**arguments)
    except FAILURES as error:
        log.info("no prompts were suggested: %s", failure_of(error).reason)
