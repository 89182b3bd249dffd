"""What Slack sends the bot, one file per kind of event: acknowledge it, read it, hand it on."""

from slack_bolt.async_app import AsyncApp

from bot.bot import Bot
from bot.home_tab.publisher import HomeTabs
from bot.listeners import (
    agent,
    answer_buttons,
    blind_buttons,
    feedback,
    feedback_review,
    forget,
    questions,
    shortcuts,
    slash_commands,
)
from bot.listeners.settings import channel, home
from bot.listeners.trainings import form, plan_buttons, training_buttons


def register(app: AsyncApp, bot: Bot, tabs: HomeTabs | None = None) -> None:
    """Register every listener; `tabs` publishes the Home tab."""
    tabs = tabs or HomeTabs(bot)
    questions.register(app, bot)
    answer_buttons.register(app, bot)
    slash_commands.register(app, bot)
    forget.register(app, bot)
    form.register(app, bot)
    plan_buttons.register(app, bot)
    training_buttons.register(app, bot)
    feedback.register(app, bot)
    feedback_review.register(app, bot, tabs)
    blind_buttons.register(app, bot)
    shortcuts.register(app, bot)
    channel.register(app, bot)
    home.register(app, bot, tabs)
    agent.register(app, bot)
