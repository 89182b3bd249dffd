"""What each type of block must contain, and how long its parts may be.

Knows nothing of a message as a whole: `blocks` checks what its blocks have in common.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.errors import Refused

# https://docs.slack.dev/reference/block-kit/blocks: the limits of each block.
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
MAX_RICH_TEXT_ELEMENTS = 1000

Block = dict[str, Any]

_PLAIN = ("plain_text",)
_PLAIN_OR_MRKDWN = ("plain_text", "mrkdwn")


def check_block(block: Block) -> None:
    """Check one block by the rules of its type. Raises Refused `invalid_blocks` with the reason."""
    check = _CHECKS.get(str(block.get("type")))
    if check is None:
        raise Refused("invalid_blocks", f"unsupported type: {block.get('type')}")
    check(block)


def require(condition: bool, problem: str) -> None:
    """Raise Refused `invalid_blocks` with `problem` unless `condition` holds."""
    if not condition:
        raise Refused("invalid_blocks", problem)


def _check_text(value: Any, kinds: tuple[str, ...], most: int) -> None:
    require(isinstance(value, dict) and value.get("type") in kinds, f"a text must be {kinds}")
    text = value.get("text")
    require(
        isinstance(text, str) and 0 < len(text) <= most, f"a text must have 1-{most} characters"
    )


def _check_list(block: Block, key: str, most: int) -> list[dict[str, Any]]:
    items = block.get(key)
    if not isinstance(items, list) or not 0 < len(items) <= most:
        raise Refused("invalid_blocks", f"{key} must have 1-{most} items")
    require(all(isinstance(item, dict) for item in items), f"{key} must be objects")
    return items


def _check_section(block: Block) -> None:
    require("text" in block or "fields" in block, "a section needs text or fields")
    if "text" in block:
        _check_text(block["text"], _PLAIN_OR_MRKDWN, MAX_SECTION)
    if "fields" in block:
        for field in _check_list(block, "fields", MAX_FIELDS):
            _check_text(field, _PLAIN_OR_MRKDWN, MAX_FIELD)
    if "accessory" in block:
        require(isinstance(block["accessory"], dict), "an accessory must be an object")
        _check_element(block["accessory"])


def _check_header(block: Block) -> None:
    _check_text(block.get("text"), _PLAIN, MAX_HEADER)


def _check_context(block: Block) -> None:
    for element in _check_list(block, "elements", MAX_CONTEXT):
        if element.get("type") == "image":
            _check_image(element)
        else:
            _check_text(element, _PLAIN_OR_MRKDWN, MAX_SECTION)


def _check_actions(block: Block) -> None:
    _check_elements(_check_list(block, "elements", MAX_ACTIONS))


def _check_context_actions(block: Block) -> None:
    elements = _check_list(block, "elements", MAX_CONTEXT_ACTIONS)
    allowed = ("feedback_buttons", "icon_button")
    require(all(e.get("type") in allowed for e in elements), f"elements must be {allowed}")
    _check_elements(elements)


def _check_elements(elements: list[dict[str, Any]]) -> None:
    for element in elements:
        _check_element(element)
    identifiers = [element["action_id"] for element in elements if "action_id" in element]
    require(len(set(identifiers)) == len(identifiers), "action_id must be unique in a block")


def _check_element(element: dict[str, Any]) -> None:
    action_id = element.get("action_id", "")
    require(isinstance(action_id, str) and len(action_id) <= MAX_ACTION_ID, "bad action_id")
    if element.get("type") == "button":
        _check_button(element)
        require(element.get("style") in (None, "primary", "danger"), "bad style")
    elif element.get("type") == "feedback_buttons":
        for which in ("positive_button", "negative_button"):
            require(isinstance(element.get(which), dict), f"{which} is missing")
            _check_button(element[which])
            require("value" in element[which], f"{which} needs a value")


def _check_button(button: dict[str, Any]) -> None:
    _check_text(button.get("text"), _PLAIN, MAX_BUTTON)
    value = button.get("value", "")
    require(isinstance(value, str) and len(value) <= MAX_VALUE, "bad value")


def _check_image(block: Block) -> None:
    require(isinstance(block.get("alt_text"), str), "an image needs alt_text")
    require("image_url" in block or "slack_file" in block, "an image needs a source")


def _check_markdown(block: Block) -> None:
    text = block.get("text")
    require(isinstance(text, str) and bool(text), "a markdown block needs text")


def _check_rich_text(block: Block) -> None:
    _check_list(block, "elements", MAX_RICH_TEXT_ELEMENTS)


def _check_nothing(block: Block) -> None:
    """A type of block without rules of its own."""


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
