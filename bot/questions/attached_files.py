"""The text files attached to a question, fetched from Slack and decoded.

Does not know prompts or tokens.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import CannotAnswer
from bot.slack.download import content_of

MAX_KB = 256
"""The most that is read of a question's files together, in kibibytes."""

_FETCH_SECONDS = 20


async def text_of_files(client: AsyncWebClient, files: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of the attached files, each under its name if there are several.

    Raises:
        CannotAnswer: the files are too large together, or one is not text or cannot be fetched.
    """
    texts, room = [], MAX_KB * 1024
    for file in files:
        content = await content_of(client, file, room, seconds=_FETCH_SECONDS)
        if content is None:
            raise _refused(file)
        room -= len(content)
        texts.append(_text_of(file, content))
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(
        f"{file.get('name', '')}\n{text}" for file, text in zip(files, texts, strict=True)
    )


def _text_of(file: Mapping[str, Any], content: bytes) -> str:
    text = _decoded(content)
    if text is None:
        raise _refused(file)
    return text.strip()


def _refused(file: Mapping[str, Any]) -> CannotAnswer:
    return CannotAnswer("file", name=str(file.get("name", "")), limit=MAX_KB)


def _decoded(content: bytes) -> str | None:
    """Decode UTF-8, or else Shift-JIS as Windows writes it (cp932); None for what is not text."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None
