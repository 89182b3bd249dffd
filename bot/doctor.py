"""The bot's part of `swallow doctor`: do the tokens work, and do they have the scopes they need?"""

import re
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.connections.health import HEALTH_PATH
from bot.errors import TokensMissing
from bot.settings import BotSettings
from bot.slack.client import client_of
from bot.slack.refusals import FAILURES, failure_of

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
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


HEALTH_SECONDS = 10.0


async def check(settings: BotSettings) -> list[dict[str, Any]]:
    """Return rows of {check, ok, detail, advice}."""
    second = settings.signing_secret if settings.http else settings.app_token
    if not settings.bot_token and not second:
        return [_row("Slack", True, "no tokens: the local workspace is used")]
    try:
        client = client_of(settings)
        me = await client.auth_test()
    except TokensMissing as error:
        return [_row("Slack tokens", False, str(error), "Set what is missing, or neither.")]
    except SlackApiError as error:
        advice = "Copy the token again from the app's page; if it is the same, reinstall the app."
        return [_row("SLACK_BOT_TOKEN", False, _reason(error), advice)]
    except FAILURES as error:
        advice = "Check this machine's network and proxy settings (HTTPS_PROXY)."
        return [_row("Slack", False, _reason(error), advice)]
    rows = [_row("SLACK_BOT_TOKEN", True, f"@{me['user']} in {me['team']}")]
    rows.append(_scopes(str(me.headers.get("x-oauth-scopes", ""))))
    if settings.http is None:
        rows.append(await _socket_mode(client, settings.app_token))
    else:
        rows += [_signing_secret(settings.signing_secret), await _request_url(settings.http)]
    if settings.alert_channel:
        rows.append(await _alert_channel(client, settings.alert_channel))
    return rows


async def _socket_mode(client: AsyncWebClient, app_token: str) -> dict[str, Any]:
    try:
        await client.apps_connections_open(app_token=app_token)
    except FAILURES as error:
        advice = "Create an app-level token with connections:write and switch Socket Mode on."
        return _row("SLACK_APP_TOKEN", False, _reason(error), advice)
    return _row("SLACK_APP_TOKEN", True, "Socket Mode opens")


def _signing_secret(secret: str) -> dict[str, Any]:
    """Slack tells nobody whether a signing secret is right, but what it looks like is known."""
    ok = re.fullmatch("[0-9a-f]{32}", secret) is not None
    advice = "Copy it again: Basic Information → App Credentials → Signing Secret."
    detail = "looks like one" if ok else "is not 32 characters of 0-9 and a-f"
    return _row("SLACK_SIGNING_SECRET", ok, detail, "" if ok else advice)


async def _request_url(address: tuple[str, int]) -> dict[str, Any]:
    """Tell whether a bot takes requests there; before its first start nothing does."""
    where = "{}:{}".format(*address)
    timeout = aiohttp.ClientTimeout(total=HEALTH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{where}{HEALTH_PATH}") as response,
        ):
            told = response.status in (200, 503)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return _row("SWALLOW_HTTP", True, f"no bot listens at {where} now")
    advice = f"Another program listens at {where}: choose another port."
    detail = f"a bot listens at {where}" if told else f"what listens at {where} is no bot"
    return _row("SWALLOW_HTTP", told, detail, "" if told else advice)


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
