"""Block Kit: a post, and the text, sections and buttons it is made of.

Nothing is posted here. Text is escaped by the caller; `verbatim` keeps Slack from turning names and
addresses in it into links. A section holds 3,000 characters of text, a message about 4,000
(https://docs.slack.dev/reference/block-kit/blocks/section-block).
"""

from dataclasses import dataclass
from typing import Any

MAX_SECTION = 3000
"""Slack's limit of a section's text."""
PART_CHARACTERS = 2900
"""The most escaped characters put into one section; below its limit."""


@dataclass(frozen=True)
class Post:
    """One message's content, as `chat.postMessage` takes it.

    `growing` is the same text as Markdown for Slack's native stream, whose last block is the one of
    the buttons; empty for a message that does not grow any more.
    """

    text: str
    blocks: tuple[dict[str, Any], ...]
    growing: str = ""


def sentence(text: str) -> Post:
    """Return a message of the bot's own words: escaped, with Slack's formatting where wanted."""
    return Post(text, tuple(map(section, _sections_of(text))))


def section(text: str) -> dict[str, Any]:
    """Return a block of Slack's text."""
    return {"type": "section", "text": mrkdwn(text)}


def mrkdwn(text: str) -> dict[str, Any]:
    """Return text in Slack's formatting, in which nothing becomes a link by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain_text(text: str) -> dict[str, Any]:
    """Return text without any formatting."""
    return {"type": "plain_text", "text": text, "emoji": False}


def button(action: str, value: str, label: str, *, style: str = "") -> dict[str, Any]:
    """Return a button; `style` is Slack's `primary` or `danger`."""
    shown = {"type": "button", "action_id": action, "value": value, "text": plain_text(label)}
    return {**shown, "style": style} if style else shown


def _sections_of(text: str) -> list[str]:
    """Return `text` in parts that each fit a section, divided between lines where it can be."""
    parts = []
    while len(text) > PART_CHARACTERS:
        line_end = text.rfind("\n", 1, PART_CHARACTERS)
        end = line_end if line_end > 0 else PART_CHARACTERS
        parts.append(text[:end])
        text = text[end:].removeprefix("\n")
    return [*parts, text]
