"""What Slack tells the bot, one file per kind: take it, store it or act on it, and return."""

from slack_bolt.async_app import AsyncApp

from bot.follow import Bot
from bot.listeners import commands, questions, stop


def register(app: AsyncApp, bot: Bot) -> None:
    """Register every listener."""
    questions.register(app, bot)
    stop.register(app, bot)
    commands.register(app, bot)
