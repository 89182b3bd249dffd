"""The bot's part of `swallow doctor`: do the tokens work, and do they have the scopes they need?"""

from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import TokensMissing
from bot.settings import BotSettings
from bot.slack.client import client_of
from bot.slack.refusals import FAILURES, failure_of

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "im:history",
    "im:write",
    "mpim:history",
    "users:read",
)
"""The scopes of the bot's token, the same as in deploy/slack-manifest.yaml."""


async def check(settings: BotSettings) -> list[dict[str, Any]]:
    """Return rows of {check, ok, detail, advice}."""
    if not settings.bot_token and not settings.app_token:
        return [_row("Slack", True, "no tokens: the local workspace is used")]
    try:
        client = client_of(settings)
        me = await client.auth_test()
    except TokensMissing as error:
        return [_row("Slack tokens", False, str(error), "Set both tokens, or none.")]
    except SlackApiError as error:
        advice = "Copy the token again from the app's page; if it is the same, reinstall the app."
        return [_row("SLACK_BOT_TOKEN", False, _reason(error), advice)]
    except FAILURES as error:
        advice = "Check this machine's network and proxy settings (HTTPS_PROXY)."
        return [_row("Slack", False, _reason(error), advice)]
    rows = [_row("SLACK_BOT_TOKEN", True, f"@{me['user']} in {me['team']}")]
    rows.append(_scopes(str(me.headers.get("x-oauth-scopes", ""))))
    try:
        await client.apps_connections_open(app_token=settings.app_token)
        rows.append(_row("SLACK_APP_TOKEN", True, "Socket Mode opens"))
    except FAILURES as error:
        advice = "Create an app-level token with connections:write and switch Socket Mode on."
        rows.append(_row("SLACK_APP_TOKEN", False, _reason(error), advice))
    if settings.alert_channel:
        rows.append(await _alert_channel(client, settings.alert_channel))
    return rows


async def _alert_channel(client: AsyncWebClient, channel: str) -> dict[str, Any]:
    """Read the channel, as the bot does before it repeats an alert: only a member may."""
    try:
        await client.conversations_history(channel=channel, limit=1)
    except FAILURES as error:
        advice = "Set it to the channel's id (C…), and /invite the bot there."
        return _row("SWALLOW_ALERT_CHANNEL", False, f"{channel}: {_reason(error)}", advice)
    return _row("SWALLOW_ALERT_CHANNEL", True, f"{channel} can be read")


def _scopes(header: str) -> dict[str, Any]:
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing = [scope for scope in SCOPES if scope not in granted] if granted else []
    advice = "Add them on the app's page (or take deploy/slack-manifest.yaml) and reinstall it."
    detail = f"missing: {', '.join(missing)}" if missing else "complete"
    return _row("Slack scopes", not missing, detail, advice if missing else "")


def _reason(error: Exception) -> str:
    failure = failure_of(error)
    if failure.answered:
        return f"Slack says {failure.reason}"
    return f"Slack cannot be reached ({failure.reason})"


def _row(check: str, ok: bool, detail: str, advice: str = "") -> dict[str, Any]:
    return {"check": check, "ok": ok, "detail": detail, "advice": advice}
