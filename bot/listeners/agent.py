"""What Slack says of the bot as an agent: that it was opened, and that a session was stopped."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.background import Background
from bot.bot import Bot
from bot.questions.agent.stop import stop


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for Slack's own Stop, which only agents have."""
    background = Background()

    async def stopped(event: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        background.start(stop(bot, event, str(body.get("team_id", ""))))

    app.event("agent_session_stopped")(stopped)
