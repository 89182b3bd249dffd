"""The blocks of a message: checks them, gives them ids, finds what can be pressed in them.

Knows nothing of who sends them or how they look; `checks` holds the rules of each type.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from bot.workspace.block_kit.checks import check_block
from bot.workspace.block_kit.elements import INTERACTIVE
from bot.workspace.block_kit.rules import MAX_ID, Block, check_string, require
from bot.workspace.block_kit.text import MAX_MARKDOWN

# https://docs.slack.dev/reference/block-kit/blocks
MAX_BLOCKS = 50
"""Blocks of a message."""


def checked_blocks(blocks: list[Any], most: int = MAX_BLOCKS) -> list[Block]:
    """Return the blocks, at most `most`, each with a `block_id`.

    Raises Refused `invalid_blocks`, with a reason.
    """
    require(len(blocks) <= most, f"no more than {most} items allowed")
    named = []
    for block in blocks:
        require(isinstance(block, dict), "a block must be an object")
        check_block(block)
        named.append(_with_ids(block))
    markdown = sum(len(block["text"]) for block in named if block["type"] == "markdown")
    require(markdown <= MAX_MARKDOWN, f"markdown over {MAX_MARKDOWN} characters")
    tables = sum(block["type"] == "table" for block in named)
    require(tables <= 1, "only one table allowed")
    identifiers = [block["block_id"] for block in named]
    require(len(set(identifiers)) == len(identifiers), "block_id must be unique")
    return named


def actions_in(blocks: list[Block]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every interactive element, with the id of its block in front."""
    for block in blocks:
        for element in _interactive_elements(block):
            yield block["block_id"], element


def _with_ids(block: Block) -> Block:
    """A copy in which the block and its interactive elements have ids, as Slack generates them."""
    named = copy.deepcopy(block)
    named["block_id"] = named.get("block_id") or uuid.uuid4().hex[:5]
    check_string(named, "block_id", MAX_ID)
    for element in _interactive_elements(named):
        element.setdefault("action_id", uuid.uuid4().hex[:5])
    return named


def _interactive_elements(block: Block) -> list[dict[str, Any]]:
    return [
        element
        for element in (*block.get("elements", []), block.get("accessory"), block.get("element"))
        if isinstance(element, dict) and element.get("type") in INTERACTIVE
    ]
