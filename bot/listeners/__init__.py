"""What Slack tells the bot, one file per kind: take it, store it or act on it, and return."""

from slack_bolt.async_app import AsyncApp

from bot.bot import Bot
from bot.listeners import commands, plans, questions, stop, trainings


def register(app: AsyncApp, bot: Bot) -> None:
    """Register every listener."""
    questions.register(app, bot)
    stop.register(app, bot)
    commands.register(app, bot)
    plans.register(app, bot)
    trainings.register(app, bot)
