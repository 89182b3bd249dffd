"""How long the text of a message may be.

Knows nothing of blocks.
"""

from __future__ import annotations

from bot.workspace.errors import Refused

# Lengths in characters. Slack documents 40,000 for the text of a message but refuses a bot's text
# near 4,000 in practice.
MAX_TEXT = 4000
MAX_TEXT_OF_PERSON = 200_000
"""A person may paste more into Slack than a bot may post, and the bot must survive it."""
MAX_MARKDOWN = 12000


def checked_text(text: str, longest: int = MAX_TEXT) -> str:
    """Return `text`. Raises Refused `msg_too_long` over `longest` characters."""
    if len(text) > longest:
        raise Refused("msg_too_long")
    return text


def checked_markdown(text: str) -> str:
    """Return `text`. Raises Refused `msg_too_long` over 12,000 characters."""
    return checked_text(text, MAX_MARKDOWN)
