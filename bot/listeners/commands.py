"""The slash commands, as far as this version has them: they say where to train instead.

A command that nobody answers shows people a dispatch error.
"""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.follow import Bot
from bot.messages import say

COMMANDS = ("/swallow-train", "/swallow-adapter")


def register(app: AsyncApp, bot: Bot) -> None:
    """Register both commands."""

    async def answer(ack: AsyncAck, command: Mapping[str, Any]) -> None:
        language = bot.language(str(command.get("text", "")))
        await ack(say("command.unavailable", language, command=command["command"]))

    for name in COMMANDS:
        app.command(name)(answer)
