"""The values of a view's input elements, shaped as Slack's `view.state.values`.

That is `{block_id: {action_id: {"type": …, "value" | "selected_option" | "selected_options" |
"selected_users": …}}}`.
Knows nothing of who fills a form in, nor of when it is submitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.workspace.block_kit.blocks import actions_in
from bot.workspace.block_kit.elements import INPUTS, MAX_INPUT, PEOPLE, Element, options_of
from bot.workspace.block_kit.rules import Block
from bot.workspace.errors import BadRequest
from bot.workspace.state.people import PEOPLE as ACCOUNTS

Values = dict[str, dict[str, dict[str, Any]]]


def initial_values(blocks: list[Block], before: Values | None = None) -> Values:
    """The values that a view is shown with.

    As in Slack, a value of the view `before` stays where a new view has the same block_id,
    action_id and type of element.
    """
    values: Values = {}
    for block_id, element in _inputs_in(blocks):
        known = (before or {}).get(block_id, {}).get(element["action_id"])
        same = known is not None and known["type"] == element["type"]
        value = known if known is not None and same else _initial(element)
        values.setdefault(block_id, {})[element["action_id"]] = value
    return values


def with_given(blocks: list[Block], values: Values, given: Any) -> Values:
    """The values after a person filled in some of them; a field that is not given stays.

    Raises BadRequest for a field or an option that the view does not have.
    """
    elements = {(block_id, e["action_id"]): e for block_id, e in _inputs_in(blocks)}
    filled = {block_id: dict(fields) for block_id, fields in values.items()}
    for block_id, action_id, field in _fields_of(given):
        element = elements.get((block_id, action_id))
        if element is None:
            raise BadRequest(f"The form has no field {block_id!r} {action_id!r}.")
        filled[block_id][action_id] = _given(element, field)
    return filled


def problems_of(blocks: list[Block], values: Values) -> dict[str, str]:
    """What keeps a form from being submitted: a sentence by the block_id of each input block."""
    problems = {}
    for block in blocks:
        if block["type"] == "input":
            value = values[block["block_id"]][block["element"]["action_id"]]
            problem = _problem_of(block, value)
            if problem:
                problems[block["block_id"]] = problem
    return problems


def _inputs_in(blocks: list[Block]) -> Iterator[tuple[str, Element]]:
    for block_id, element in actions_in(blocks):
        if element["type"] in INPUTS:
            yield block_id, element


def _fields_of(given: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    problem = BadRequest("values must be shaped like Slack's view.state.values.")
    if not isinstance(given, dict):
        raise problem
    for block_id, fields in given.items():
        if not isinstance(fields, dict):
            raise problem
        for action_id, field in fields.items():
            if not isinstance(field, dict):
                raise problem
            yield block_id, action_id, field


def _initial(element: Element) -> dict[str, Any]:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": element.get("initial_value") or None}
    if kind == PEOPLE:
        return {"type": kind, "selected_users": element.get("initial_users", [])}
    if kind == "checkboxes":
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    return {"type": kind, "selected_option": element.get("initial_option")}


def _given(element: Element, field: dict[str, Any]) -> dict[str, Any]:
    kind = element["type"]
    if kind == "plain_text_input":
        text = field.get("value")
        if not isinstance(text, str | None):
            raise BadRequest("The value of a text field must be a string.")
        return {"type": kind, "value": text or None}
    if kind == PEOPLE:
        return {"type": kind, "selected_users": _people(element, field)}
    if kind == "checkboxes":
        chosen = field.get("selected_options") or []
        if not isinstance(chosen, list):
            raise BadRequest("selected_options must be a list.")
        values = [_value_of(option) for option in chosen]
        return {"type": kind, "selected_options": chosen_options(element, values)}
    option = field.get("selected_option")
    values = [] if option is None else [_value_of(option)]
    return {"type": kind, "selected_option": next(iter(chosen_options(element, values)), None)}


def _people(element: Element, field: dict[str, Any]) -> list[str]:
    people = field.get("selected_users") or []
    most = element.get("max_selected_items", len(ACCOUNTS))
    if not isinstance(people, list) or not set(map(str, people)) <= set(ACCOUNTS):
        raise BadRequest("selected_users must be a list of the ids of people.")
    if len(people) > most:
        raise BadRequest(f"At most {most} people can be chosen.")
    return people


def chosen_options(element: Element, values: list[str]) -> list[dict[str, Any]]:
    """The options of an element that have these values, in the element's order.

    Raises BadRequest for a value that no option has.
    """
    options = [option for option in options_of(element) if option["value"] in values]
    if len(options) != len(set(values)):
        raise BadRequest("The form has no such option.")
    return options


def _value_of(option: Any) -> str:
    value = option.get("value") if isinstance(option, dict) else None
    if not isinstance(value, str):
        raise BadRequest("An option needs a value.")
    return value


def _problem_of(block: Block, value: dict[str, Any]) -> str:
    element = block["element"]
    if element["type"] != "plain_text_input":
        keys = ("selected_options", "selected_option", "selected_users")
        chosen = any(value.get(key) for key in keys)
        return "" if chosen or block.get("optional") else "Choose something here."
    text = value["value"] or ""
    if not text.strip():
        return "" if block.get("optional") else "Write something here."
    least, most = element.get("min_length", 0), element.get("max_length", MAX_INPUT)
    if len(text) > most:
        return f"Write at most {most:,} characters."
    return f"Write at least {least:,} characters." if len(text) < least else ""
