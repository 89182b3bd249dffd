"""What the rules of blocks and of their elements have in common: texts, lists and identifiers.

A broken rule is Refused `invalid_blocks`, with the reason as its detail.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.errors import Refused

Block = dict[str, Any]

PLAIN = ("plain_text",)
PLAIN_OR_MRKDWN = ("plain_text", "mrkdwn")

# https://docs.slack.dev/reference/block-kit/blocks
MAX_ID = 255
"""Characters of a `block_id`, an `action_id` or a view's `callback_id` and `external_id`."""


def require(condition: bool, problem: str) -> None:
    """Raise Refused `invalid_blocks` with `problem` unless `condition` holds."""
    if not condition:
        raise Refused("invalid_blocks", problem)


def check_text(value: Any, kinds: tuple[str, ...], most: int) -> None:
    """Require a text object of one of the kinds, of 1 to `most` characters."""
    require(isinstance(value, dict) and value.get("type") in kinds, f"a text must be {kinds}")
    text = value.get("text")
    require(
        isinstance(text, str) and 0 < len(text) <= most, f"a text must have 1-{most} characters"
    )


def check_list(block: Block, key: str, most: int) -> list[dict[str, Any]]:
    """Return the objects in a field of `block`, which must be 1 to `most`."""
    items = block.get(key)
    if not isinstance(items, list) or not 0 < len(items) <= most:
        raise Refused("invalid_blocks", f"{key} must have 1-{most} items")
    require(all(isinstance(item, dict) for item in items), f"{key} must be objects")
    return items


def check_string(block: Block, key: str, most: int) -> None:
    """Require a field, if it is there, to be a string of at most `most` characters."""
    value = block.get(key, "")
    require(
        isinstance(value, str) and len(value) <= most, f"{key} must have at most {most} characters"
    )
