"""What each interactive element of a block must contain, and how long its parts may be.

Knows nothing of the block around it: `checks` says which elements a block may hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.workspace.block_kit.rules import (
    MAX_ID,
    PLAIN,
    PLAIN_OR_MRKDWN,
    check_list,
    check_string,
    check_text,
    require,
)

Element = dict[str, Any]

# https://docs.slack.dev/reference/block-kit/block-elements, and the option object of
# https://docs.slack.dev/reference/block-kit/composition-objects/option-object.
MAX_LABEL = 75
MAX_VALUE = 2000
MAX_PLACEHOLDER = 150
MAX_OPTION_VALUE = 150
MAX_SELECT_OPTIONS = 100
MAX_LISTED_OPTIONS = 10
MAX_INPUT = 3000

BUTTONS = ("button",)
FEEDBACK = ("feedback_buttons", "icon_button")
CHOICES = ("static_select", "checkboxes", "radio_buttons")
PEOPLE = "multi_users_select"
"""Which people there are, Slack knows: such a menu has no options of its own."""
INPUTS = ("plain_text_input", *CHOICES, PEOPLE)
"""What an input block may hold."""
INTERACTIVE = (*BUTTONS, *FEEDBACK, *INPUTS)


def check_element(element: Any, allowed: tuple[str, ...]) -> None:
    """Check one element of an allowed type. Raises Refused `invalid_blocks` with the reason."""
    require(isinstance(element, dict), "an element must be an object")
    kind = element.get("type")
    require(kind in allowed, f"unsupported element: {kind}, allowed are {allowed}")
    check_string(element, "action_id", MAX_ID)
    _CHECKS[kind](element)


def options_of(element: Element) -> list[dict[str, Any]]:
    """The options that a person can choose from."""
    options: list[dict[str, Any]] = element["options"]
    return options


def _check_button(button: Element) -> None:
    check_text(button.get("text"), PLAIN, MAX_LABEL)
    check_string(button, "value", MAX_VALUE)
    check_string(button, "accessibility_label", MAX_LABEL)
    require(button.get("style") in (None, "primary", "danger"), "bad style")


def _check_feedback(element: Element) -> None:
    for which in ("positive_button", "negative_button"):
        require(isinstance(element.get(which), dict), f"{which} is missing")
        _check_button(element[which])
        require("value" in element[which], f"{which} needs a value")


def _check_icon(element: Element) -> None:
    require(element.get("icon") == "trash", "the only icon is trash")
    _check_button(element)
    shown_to = element.get("visible_to_user_ids", [])
    require(isinstance(shown_to, list), "visible_to_user_ids must be a list")


def _check_text_input(element: Element) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", MAX_INPUT)
    for length, smallest in ((least, 0), (most, 1)):
        require(
            isinstance(length, int) and smallest <= length <= MAX_INPUT,
            f"a length must be {smallest}-{MAX_INPUT}",
        )
    require(least <= most, "min_length is greater than max_length")
    check_string(element, "initial_value", most)
    _check_placeholder(element)


def _check_select(element: Element) -> None:
    _check_placeholder(element)
    _check_options(element, MAX_SELECT_OPTIONS, PLAIN)
    _check_initial(element, [element.get("initial_option")])


def _check_checkboxes(element: Element) -> None:
    _check_options(element, MAX_LISTED_OPTIONS, PLAIN_OR_MRKDWN)
    initial = element.get("initial_options", [])
    require(isinstance(initial, list), "initial_options must be a list")
    _check_initial(element, initial)


def _check_radio(element: Element) -> None:
    _check_options(element, MAX_LISTED_OPTIONS, PLAIN_OR_MRKDWN)
    _check_initial(element, [element.get("initial_option")])


def _check_people(element: Element) -> None:
    _check_placeholder(element)
    initial, most = element.get("initial_users", []), element.get("max_selected_items", 1)
    known = isinstance(initial, list) and all(isinstance(user, str) for user in initial)
    require(known, "initial_users must be a list of ids")
    require(isinstance(most, int) and most >= 1, "max_selected_items must be at least 1")


def _check_placeholder(element: Element) -> None:
    if "placeholder" in element:
        check_text(element["placeholder"], PLAIN, MAX_PLACEHOLDER)


def _check_options(element: Element, most: int, kinds: tuple[str, ...]) -> None:
    values = []
    for option in check_list(element, "options", most):
        check_text(option.get("text"), kinds, MAX_LABEL)
        require(isinstance(option.get("value"), str), "an option needs a value")
        check_string(option, "value", MAX_OPTION_VALUE)
        if "description" in option:
            check_text(option["description"], kinds, MAX_LABEL)
        values.append(option["value"])
    require(len(set(values)) == len(values), "the values of options must be unique")


def _check_initial(element: Element, chosen: list[Any]) -> None:
    """As in Slack, what is chosen at first must be one of the options, in all its fields."""
    unknown = [
        option for option in chosen if option is not None and option not in options_of(element)
    ]
    require(not unknown, "what is chosen at first must be one of the options")


_CHECKS: dict[str, Callable[[Element], None]] = {
    "button": _check_button,
    "feedback_buttons": _check_feedback,
    "icon_button": _check_icon,
    "plain_text_input": _check_text_input,
    "static_select": _check_select,
    "checkboxes": _check_checkboxes,
    "radio_buttons": _check_radio,
    PEOPLE: _check_people,
}
