"""What surrounds a question: the thread so far, and attached text files.

Turns Slack's messages into turns with a role and plain text. Knows the Web API; does not know
prompts, tokens or how much of it fits the model's context.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.posted import payload_of
from bot.errors import CannotAnswer
from bot.slack.incoming_text import without_markup, without_mention
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

MAX_MESSAGES = 200
MAX_BYTES = 64 * 1024
"""The most text of a thread, in UTF-8."""
MAX_FILE_KB = 256
"""The largest file that is read, in kibibytes."""

Turn = dict[str, str]
"""`role` is `user` or `assistant`; `text` is plain text."""


async def thread_before(
    client: AsyncWebClient, destination: Mapping[str, Any], bot_user: str
) -> list[Turn]:
    """Return the turns of the thread before the question, oldest first.

    At most the newest 200 messages and 64 KB. Where the thread cannot be read, there are none and
    the question is answered without it.
    """
    if destination["thread_ts"] == destination["ts"]:
        return []
    try:
        messages = await _replies(client, destination)
    except FAILURES as error:
        log.warning("the thread of a question cannot be read: %s", failure_of(error).reason)
        return []
    turns = [turn for message in messages if (turn := _turn(message, destination, bot_user))]
    return _newest(turns)


async def _replies(client: AsyncWebClient, destination: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the thread up to the question; Slack pages from the oldest message on."""
    messages: list[dict[str, Any]] = []
    pages = await client.conversations_replies(
        channel=destination["channel"],
        ts=destination["thread_ts"],
        latest=destination["ts"],
        inclusive=False,
        limit=200,
        include_all_metadata=True,
    )
    async for page in pages:
        messages = [*messages, *page["messages"]][-MAX_MESSAGES:]
    return messages


def _turn(message: Mapping[str, Any], destination: Mapping[str, Any], bot_user: str) -> Turn | None:
    if float(message["ts"]) >= float(destination["ts"]):
        return None
    text = str(message.get("text") or "")
    if message.get("user") == bot_user:
        # Answers of the model are part of the conversation; notices of the bot are not.
        answered = payload_of(message).get("state") in ("finished", "cancelled")
        return {"role": "assistant", "text": without_markup(text)} if answered and text else None
    said = without_markup(without_mention(text, bot_user))
    return {"role": "user", "text": said} if said else None


def _newest(turns: Sequence[Turn]) -> list[Turn]:
    kept: list[Turn] = []
    room = MAX_BYTES
    for turn in reversed(turns[-MAX_MESSAGES:]):
        room -= len(turn["text"].encode())
        if room < 0:
            break
        kept.insert(0, turn)
    return kept


async def text_of_files(client: AsyncWebClient, files: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of the attached files, each under its name if there are several.

    Raises:
        CannotAnswer: a file is too large, is not text, or cannot be fetched.
    """
    texts = [await _text_of(client, file) for file in files]
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(
        f"{file.get('name', '')}\n{text}" for file, text in zip(files, texts, strict=True)
    )


async def _text_of(client: AsyncWebClient, file: Mapping[str, Any]) -> str:
    refused = CannotAnswer("file", name=str(file.get("name", "")), limit=MAX_FILE_KB)
    url = str(file.get("url_private") or "")
    if int(file.get("size") or 0) > MAX_FILE_KB * 1024 or not _is_slack(client, url):
        raise refused
    try:
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {client.token}"}) as session,
            session.get(url, allow_redirects=False, timeout=aiohttp.ClientTimeout(20)) as response,
        ):
            if response.status != 200:  # a redirect means that the scope is missing
                raise refused
            content = b""
            async for chunk in response.content.iter_chunked(65536):
                content += chunk
                if len(content) > MAX_FILE_KB * 1024:
                    raise refused
    except (aiohttp.ClientError, TimeoutError) as error:
        raise refused from error
    text = _decoded(content)
    if text is None:
        raise refused
    return text.strip()


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
