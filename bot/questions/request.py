"""Turns a stored question into the request a worker answers: text, files and thread together.

Runs after Slack was told that the event arrived, and again on another bot if this one dies.
"""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import CannotAnswer
from bot.questions.attached_files import text_of_files
from bot.questions.parse import Asked, parse
from bot.questions.thread_turns import thread_before
from bot.settings import BotSettings
from bot.slack.command_words import SHOWN_CHARACTERS
from tasks.broker.job import Job
from trainer.prompts.thinking import MOST_TOKENS, Thinking, read_thinking


async def prepare(
    job: Job, client: AsyncWebClient, settings: BotSettings, bot_user: str
) -> dict[str, Any] | None:
    """Return the request of `job`; None where it asks nothing and is answered with the help.

    Raises:
        CannotAnswer: the channel is not allowed, a file cannot be read, or `think=` is wrong.
    """
    if "request" in job.asked:  # the bot itself asks, as for a comparison
        return dict(job.asked["request"])
    destination = job.destination
    if not settings.answers_in(destination["channel"], dm=bool(destination["dm"])):
        raise CannotAnswer("channel")
    asked = parse(job.asked["text"], bot_user)
    material = await text_of_files(client, job.asked["files"])
    instruction, input = asked.instruction, "\n\n".join(filter(None, [asked.input, material]))
    if not instruction:
        instruction, input = input, ""
    if not instruction:
        return None
    thread = await thread_before(client, destination, bot_user)
    return {"instruction": instruction, "input": input, "thread": thread, **_thinking(asked)}


def _thinking(asked: Asked) -> dict[str, Thinking]:
    """Return how much the model is asked to think, if the question says so.

    Raises:
        CannotAnswer: it says something else.
    """
    if asked.think is None:
        return {}
    thinking = read_thinking(asked.think.lower())
    if thinking is None:
        shown = asked.think.replace("`", "'")[:SHOWN_CHARACTERS]
        raise CannotAnswer("think", value=shown, most=MOST_TOKENS)
    return {"thinking": thinking}
