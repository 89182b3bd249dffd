"""The text files attached to a question, fetched from Slack and decoded.

The bot's token goes to Slack's own hosts only. Does not know prompts or tokens.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import CannotAnswer

MAX_KB = 256
"""The most that is read of a question's files together, in kibibytes."""

_FETCH_SECONDS = 20
_CHUNK_BYTES = 65_536


async def text_of_files(client: AsyncWebClient, files: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of the attached files, each under its name if there are several.

    Raises:
        CannotAnswer: the files are too large together, or one is not text or cannot be fetched.
    """
    texts, room = [], MAX_KB * 1024
    for file in files:
        content = await _content_of(client, file, room)
        room -= len(content)
        texts.append(_text_of(file, content))
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(
        f"{file.get('name', '')}\n{text}" for file, text in zip(files, texts, strict=True)
    )


async def _content_of(client: AsyncWebClient, file: Mapping[str, Any], room: int) -> bytes:
    """Fetch a file of at most `room` bytes, by the way that the client's own calls take."""
    url = str(file.get("url_private") or "")
    if int(file.get("size") or 0) > room or not _is_slack(client, url):
        raise _refused(file)
    try:
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {client.token}"}) as session,
            session.get(
                url,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(_FETCH_SECONDS),
                proxy=client.proxy,
                ssl=client.ssl or True,
            ) as response,
        ):
            if response.status != 200:  # a redirect means that the scope is missing
                raise _refused(file)
            content = b""
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                content += chunk
                if len(content) > room:
                    raise _refused(file)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _refused(file) from error
    return content


def _text_of(file: Mapping[str, Any], content: bytes) -> str:
    text = _decoded(content)
    if text is None:
        raise _refused(file)
    return text.strip()


def _refused(file: Mapping[str, Any]) -> CannotAnswer:
    return CannotAnswer("file", name=str(file.get("name", "")), limit=MAX_KB)


def _is_slack(client: AsyncWebClient, url: str) -> bool:
    """Tell whether the token may be sent to `url`: one of Slack's hosts, or the local workspace."""
    asked, api = urlsplit(url), urlsplit(client.base_url)
    if (asked.scheme, asked.netloc) == (api.scheme, api.netloc):
        return True
    return asked.scheme == "https" and (asked.hostname or "").endswith(".slack.com")


def _decoded(content: bytes) -> str | None:
    """Decode UTF-8, or else Shift-JIS as Windows writes it (cp932); None for what is not text."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None
