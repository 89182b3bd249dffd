"""What each type of block must contain, and how long its parts may be.

Knows nothing of a message as a whole: `blocks` checks what its blocks have in common; `elements`
holds the rules of what a person presses, chooses or fills in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.workspace.block_kit.elements import BUTTONS, CHOICES, FEEDBACK, INPUTS, check_element
from bot.workspace.block_kit.rules import (
    PLAIN,
    PLAIN_OR_MRKDWN,
    Block,
    check_list,
    check_text,
    require,
)
from bot.workspace.errors import Refused

# https://docs.slack.dev/reference/block-kit/blocks: the limits of each block.
MAX_SECTION = 3000
MAX_FIELD = 2000
MAX_FIELDS = 10
MAX_HEADER = 150
MAX_CONTEXT = 10
MAX_ACTIONS = 25
MAX_CONTEXT_ACTIONS = 5
MAX_INPUT_LABEL = 2000
MAX_RICH_TEXT_ELEMENTS = 1000
MAX_TABLE_ROWS = 100
MAX_TABLE_COLUMNS = 20


def check_block(block: Block) -> None:
    """Check one block by the rules of its type. Raises Refused `invalid_blocks` with the reason."""
    check = _CHECKS.get(str(block.get("type")))
    if check is None:
        raise Refused("invalid_blocks", f"unsupported type: {block.get('type')}")
    check(block)


def _check_section(block: Block) -> None:
    require("text" in block or "fields" in block, "a section needs text or fields")
    if "text" in block:
        check_text(block["text"], PLAIN_OR_MRKDWN, MAX_SECTION)
    if "fields" in block:
        for field in check_list(block, "fields", MAX_FIELDS):
            check_text(field, PLAIN_OR_MRKDWN, MAX_FIELD)
    if "accessory" in block:
        _check_accessory(block["accessory"])


def _check_accessory(accessory: Any) -> None:
    if isinstance(accessory, dict) and accessory.get("type") == "image":
        _check_image(accessory)
    else:
        check_element(accessory, (*BUTTONS, *CHOICES))


def _check_header(block: Block) -> None:
    check_text(block.get("text"), PLAIN, MAX_HEADER)


def _check_context(block: Block) -> None:
    for element in check_list(block, "elements", MAX_CONTEXT):
        if element.get("type") == "image":
            _check_image(element)
        else:
            check_text(element, PLAIN_OR_MRKDWN, MAX_SECTION)


def _check_actions(block: Block) -> None:
    _check_elements(check_list(block, "elements", MAX_ACTIONS), (*BUTTONS, *CHOICES))


def _check_context_actions(block: Block) -> None:
    _check_elements(check_list(block, "elements", MAX_CONTEXT_ACTIONS), FEEDBACK)


def _check_elements(elements: list[dict[str, Any]], allowed: tuple[str, ...]) -> None:
    for element in elements:
        check_element(element, allowed)
    identifiers = [element["action_id"] for element in elements if "action_id" in element]
    require(len(set(identifiers)) == len(identifiers), "action_id must be unique in a block")


def _check_input(block: Block) -> None:
    check_text(block.get("label"), PLAIN, MAX_INPUT_LABEL)
    if "hint" in block:
        check_text(block["hint"], PLAIN, MAX_INPUT_LABEL)
    for flag in ("optional", "dispatch_action"):
        require(isinstance(block.get(flag, False), bool), f"{flag} must be true or false")
    check_element(block.get("element"), INPUTS)


def _check_image(block: Block) -> None:
    require(isinstance(block.get("alt_text"), str), "an image needs alt_text")
    require("image_url" in block or "slack_file" in block, "an image needs a source")


def _check_markdown(block: Block) -> None:
    text = block.get("text")
    require(isinstance(text, str) and bool(text), "a markdown block needs text")


def _check_rich_text(block: Block) -> None:
    check_list(block, "elements", MAX_RICH_TEXT_ELEMENTS)


def _check_table(block: Block) -> None:
    rows = block.get("rows")
    require(isinstance(rows, list) and 0 < len(rows) <= MAX_TABLE_ROWS, "a table needs 1-100 rows")
    for row in rows or []:
        require(isinstance(row, list) and 0 < len(row) <= MAX_TABLE_COLUMNS, "1-20 cells a row")
        for cell in row:
            require(
                isinstance(cell, dict) and cell.get("type") in ("raw_text", "rich_text"),
                "a cell must be raw_text or rich_text",
            )
            if cell["type"] == "raw_text":
                require(isinstance(cell.get("text"), str) and bool(cell["text"]), "an empty cell")
            else:
                _check_rich_text(cell)


def _check_nothing(block: Block) -> None:
    """A type of block without rules of its own."""


_CHECKS: dict[str, Callable[[Block], None]] = {
    "section": _check_section,
    "header": _check_header,
    "context": _check_context,
    "actions": _check_actions,
    "context_actions": _check_context_actions,
    "input": _check_input,
    "image": _check_image,
    "markdown": _check_markdown,
    "rich_text": _check_rich_text,
    "table": _check_table,
    "divider": _check_nothing,
}
