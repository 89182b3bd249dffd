"""Finds the element that a person uses, and tells the bot of it as Slack does.

Knows nothing of where the element is shown, nor of how the payload reaches the bot.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.block_kit.blocks import actions_in
from bot.workspace.block_kit.elements import BUTTONS, CHOICES, FEEDBACK, Element
from bot.workspace.block_kit.rules import Block
from bot.workspace.block_kit.values import chosen_options
from bot.workspace.errors import BadRequest, Refused
from bot.workspace.state.timestamps import now_in_microseconds, timestamp_of

Json = dict[str, Any]


def press_in(blocks: list[Block], action_id: str, value: Any, block_id: str = "") -> Json:
    """The entry of the payload's `actions` for a press of the element with this `action_id`.

    `value` tells apart what else looks alike: the two thumbs of `feedback_buttons`, the options of
    a choice (a list of them for checkboxes), and buttons of several blocks that share one
    `action_id`, as `block_id` does too. Raises Refused `action_not_found`.
    """
    found = [
        (block, element)
        for block, element in actions_in(blocks)
        if element["action_id"] == action_id and block_id in ("", block)
    ]
    named = [(block, element) for block, element in found if element.get("value") == value]
    if not found or (len(found) > 1 and not named):
        raise Refused("action_not_found")
    block, element = (named or found)[0]
    return _action(block, element, value)


def _action(block_id: str, element: Element, value: Any) -> Json:
    kind = element["type"]
    action: Json = {"type": kind, "action_id": element["action_id"], "block_id": block_id}
    if kind in (*BUTTONS, *FEEDBACK):
        button = _button(element, value)
        action |= {"text": button.get("text"), "value": button.get("value")}
        action = {key: item for key, item in action.items() if item is not None}
    elif kind in CHOICES:
        action |= _choice(element, value)
    else:
        action["value"] = value if isinstance(value, str) else ""
    return action | {"action_ts": timestamp_of(now_in_microseconds())}


def _button(element: Element, value: Any) -> Json:
    """The element itself, or the one of its two thumbs that has this value."""
    if element["type"] != "feedback_buttons":
        return element
    thumbs: list[Json] = [element["positive_button"], element["negative_button"]]
    for thumb in thumbs:
        if thumb["value"] == value:
            return thumb
    raise Refused("action_not_found")


def _choice(element: Element, value: Any) -> Json:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in values):
        raise BadRequest("value must be that of an option.")
    chosen = chosen_options(element, values)
    if element["type"] == "checkboxes":
        return {"selected_options": chosen}
    if len(chosen) != 1:
        raise BadRequest("value must be that of one option.")
    return {"selected_option": chosen[0]}
