"""Fetching a file that somebody sent. The bot's token goes to Slack's own hosts only."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

_CHUNK_BYTES = 65_536


async def content_of(
    client: AsyncWebClient, file: Mapping[str, Any], room: int, *, seconds: float
) -> bytes | None:
    """Fetch a file of at most `room` bytes, by the way that the client's own calls take.

    None where it is larger, is not Slack's, or does not come within `seconds`.
    """
    url = str(file.get("url_private") or "")
    if int(file.get("size") or 0) > room or not _is_slack(client, url):
        return None
    try:
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {client.token}"}) as session,
            session.get(
                url,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(seconds),
                proxy=client.proxy,
                ssl=client.ssl or True,
            ) as response,
        ):
            if response.status != 200:  # a redirect means that the scope is missing
                return None
            content = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                content += chunk
                if len(content) > room:
                    return None
    except (aiohttp.ClientError, TimeoutError):
        return None
    return bytes(content)


def _is_slack(client: AsyncWebClient, url: str) -> bool:
    """Tell whether the token may be sent to `url`: one of Slack's hosts, or the local workspace."""
    asked, api = urlsplit(url), urlsplit(client.base_url)
    if (asked.scheme, asked.netloc) == (api.scheme, api.netloc):
        return True
    return asked.scheme == "https" and (asked.hostname or "").endswith(".slack.com")
