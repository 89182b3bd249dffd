"""What kind of channel a channel is, by what Slack says of it."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.refusals import FAILURES


async def is_public(client: AsyncWebClient, channel: str) -> bool:
    """Tell whether everybody of the workspace may read a channel; False where Slack does not say.

    It says so of public channels to an app with the scope `channels:read`
    (https://docs.slack.dev/reference/methods/conversations.info).
    """
    try:
        found = await client.conversations_info(channel=channel)
    except FAILURES:
        return False
    about = found.get("channel") or {}
    return bool(about.get("is_channel")) and not about.get("is_private")
