"""Slack's rules for text and Block Kit: what is too long, malformed or missing.

Checks and names blocks; knows nothing of who sends them or how they look.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from bot.workspace.errors import Refused

# Text is documented at 40,000 characters but refused near 4,000 in practice.
MAX_TEXT = 4000
MAX_SPOKEN = 200_000
"""A person may paste more into Slack than a bot may post; what is pasted must be survived."""
# https://docs.slack.dev/reference/block-kit/blocks: the limits of each block.
MAX_BLOCKS = 50
MAX_SECTION = 3000
MAX_FIELD = 2000
MAX_FIELDS = 10
MAX_HEADER = 150
MAX_CONTEXT = 10
MAX_ACTIONS = 25
MAX_CONTEXT_ACTIONS = 5
MAX_BUTTON = 75
MAX_VALUE = 2000
MAX_ACTION_ID = 255
MAX_MARKDOWN = 12000

Block = dict[str, Any]

_PRESSED = ("button", "feedback_buttons", "icon_button")
_PLAIN = ("plain_text",)
_EITHER = ("plain_text", "mrkdwn")


def checked_text(text: str, longest: int = MAX_TEXT) -> str:
    """Return `text`. Raises Refused `msg_too_long` over `longest` characters."""
    if len(text) > longest:
        raise Refused("msg_too_long")
    return text


def checked_markdown(text: str) -> str:
    """Return `text`. Raises Refused `msg_too_long` over 12,000 characters."""
    if len(text) > MAX_MARKDOWN:
        raise Refused("msg_too_long")
    return text


def checked_blocks(blocks: list[Any]) -> list[Block]:
    """Return the blocks, each with a `block_id`. Raises Refused `invalid_blocks` and says why."""
    _require(len(blocks) <= MAX_BLOCKS, f"no more than {MAX_BLOCKS} items allowed")
    named = []
    for block in blocks:
        _require(isinstance(block, dict), "a block must be an object")
        check = _CHECKS.get(str(block.get("type")))
        if check is None:
            raise Refused("invalid_blocks", f"unsupported type: {block.get('type')}")
        check(block)
        named.append(_named(block))
    markdown = sum(len(block["text"]) for block in named if block["type"] == "markdown")
    _require(markdown <= MAX_MARKDOWN, f"markdown over {MAX_MARKDOWN} characters")
    identifiers = [block["block_id"] for block in named]
    _require(len(set(identifiers)) == len(identifiers), "block_id must be unique")
    return named


def actions_in(blocks: list[Block]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every interactive element with the id of the block it is in."""
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory")]:
            if isinstance(element, dict) and element.get("type") in _PRESSED:
                yield block["block_id"], element


def _named(block: Block) -> Block:
    """A copy in which the block and whatever can be pressed have the ids Slack would give them."""
    named = copy.deepcopy(block)
    named["block_id"] = named.get("block_id") or uuid.uuid4().hex[:5]
    _require(isinstance(named["block_id"], str), "block_id must be a string")
    for element in [*named.get("elements", []), named.get("accessory")]:
        if isinstance(element, dict) and element.get("type") in _PRESSED:
            element.setdefault("action_id", uuid.uuid4().hex[:5])
    return named


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise Refused("invalid_blocks", problem)


def _check_text(value: Any, kinds: tuple[str, ...], most: int) -> None:
    _require(isinstance(value, dict) and value.get("type") in kinds, f"a text must be {kinds}")
    text = value.get("text")
    _require(
        isinstance(text, str) and 0 < len(text) <= most, f"a text must have 1-{most} characters"
    )


def _check_list(block: Block, key: str, most: int) -> list[dict[str, Any]]:
    items = block.get(key)
    if not isinstance(items, list) or not 0 < len(items) <= most:
        raise Refused("invalid_blocks", f"{key} must have 1-{most} items")
    _require(all(isinstance(item, dict) for item in items), f"{key} must be objects")
    return items


def _check_section(block: Block) -> None:
    _require("text" in block or "fields" in block, "a section needs text or fields")
    if "text" in block:
        _check_text(block["text"], _EITHER, MAX_SECTION)
    if "fields" in block:
        for field in _check_list(block, "fields", MAX_FIELDS):
            _check_text(field, _EITHER, MAX_FIELD)
    if "accessory" in block:
        _require(isinstance(block["accessory"], dict), "an accessory must be an object")
        _check_element(block["accessory"])


def _check_header(block: Block) -> None:
    _check_text(block.get("text"), _PLAIN, MAX_HEADER)


def _check_context(block: Block) -> None:
    for element in _check_list(block, "elements", MAX_CONTEXT):
        if element.get("type") == "image":
            _check_image(element)
        else:
            _check_text(element, _EITHER, MAX_SECTION)


def _check_actions(block: Block) -> None:
    _check_elements(_check_list(block, "elements", MAX_ACTIONS))


def _check_context_actions(block: Block) -> None:
    elements = _check_list(block, "elements", MAX_CONTEXT_ACTIONS)
    allowed = ("feedback_buttons", "icon_button")
    _require(all(e.get("type") in allowed for e in elements), f"elements must be {allowed}")
    _check_elements(elements)


def _check_elements(elements: list[dict[str, Any]]) -> None:
    for element in elements:
        _check_element(element)
    identifiers = [element["action_id"] for element in elements if "action_id" in element]
    _require(len(set(identifiers)) == len(identifiers), "action_id must be unique in a block")


def _check_element(element: dict[str, Any]) -> None:
    action_id = element.get("action_id", "")
    _require(isinstance(action_id, str) and len(action_id) <= MAX_ACTION_ID, "bad action_id")
    if element.get("type") == "button":
        _check_button(element)
        _require(element.get("style") in (None, "primary", "danger"), "bad style")
    elif element.get("type") == "feedback_buttons":
        for which in ("positive_button", "negative_button"):
            _require(isinstance(element.get(which), dict), f"{which} is missing")
            _check_button(element[which])
            _require("value" in element[which], f"{which} needs a value")


def _check_button(button: dict[str, Any]) -> None:
    _check_text(button.get("text"), _PLAIN, MAX_BUTTON)
    value = button.get("value", "")
    _require(isinstance(value, str) and len(value) <= MAX_VALUE, "bad value")


def _check_image(block: Block) -> None:
    _require(isinstance(block.get("alt_text"), str), "an image needs alt_text")
    _require("image_url" in block or "slack_file" in block, "an image needs a source")


def _check_markdown(block: Block) -> None:
    text = block.get("text")
    _require(isinstance(text, str) and bool(text), "a markdown block needs text")


def _check_rich_text(block: Block) -> None:
    _check_list(block, "elements", 1000)


def _check_nothing(block: Block) -> None:
    """A block without rules of its own."""


_CHECKS = {
    "section": _check_section,
    "header": _check_header,
    "context": _check_context,
    "actions": _check_actions,
    "context_actions": _check_context_actions,
    "image": _check_image,
    "markdown": _check_markdown,
    "rich_text": _check_rich_text,
    "divider": _check_nothing,
}
