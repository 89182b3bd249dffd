"""Whatever an app sends as a view, and a person as its values, is taken or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.block_kit.presses import press_in
from bot.workspace.block_kit.values import initial_values, problems_of, with_given
from bot.workspace.block_kit.views import checked_view
from bot.workspace.errors import BadRequest, Refused

Json = dict[str, Any]

OPTION = {"text": {"type": "plain_text", "text": "x"}, "value": "x"}


def _field(id: str, **element: Any) -> Json:
    label = {"type": "plain_text", "text": id}
    element = {"action_id": "a", **element}
    return {"type": "input", "block_id": id, "label": label, "element": element}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


BUTTON = {"type": "button", "action_id": "go", "text": _plain("Go"), "value": "v"}
FORM: Json = {
    "type": "modal",
    "callback_id": "c",
    "title": _plain("Title"),
    "submit": _plain("Send"),
    "blocks": [
        _field("text", type="plain_text_input", max_length=9, initial_value="x"),
        _field("select", type="static_select", options=[OPTION]),
        _field("boxes", type="checkboxes", options=[OPTION], initial_options=[OPTION]),
        _field("radio", type="radio_buttons", options=[OPTION], initial_option=OPTION),
        {"type": "section", "block_id": "s", "text": _plain("Text"), "accessory": BUTTON},
        {"type": "actions", "block_id": "b", "elements": [BUTTON]},
    ],
}
VALUES: Json = {
    "text": {"a": {"type": "plain_text_input", "value": "y"}},
    "select": {"a": {"type": "static_select", "selected_option": OPTION}},
    "boxes": {"a": {"type": "checkboxes", "selected_options": [OPTION]}},
    "radio": {"a": {"type": "radio_buttons", "selected_option": None}},
}

GONE = "\0gone"
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "x" * 3001, GONE]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("value"), inner),
    max_leaves=3,
)
changes = st.lists(st.tuples(st.integers(0, 99), anything), max_size=2)


def _changed(value: Json, changes: list[tuple[int, Any]]) -> Json:
    """Replace or remove a few things anywhere in `value`."""
    copy = deepcopy(value)
    for number, replacement in changes:
        places = list(_places(copy))
        if places:
            container, key = places[number % len(places)]
            container[key] = replacement
            if replacement == GONE:
                del container[key]
    return copy


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


@given(changes, changes, st.sampled_from(["a", "go"]), anything)
def test_a_view_and_what_is_filled_in_are_taken_or_refused(
    in_view: Any, in_values: Any, action_id: str, value: Any
) -> None:
    try:
        blocks = checked_view(_changed(FORM, in_view), "modal")["blocks"]
    except Refused:
        blocks = checked_view(FORM, "modal")["blocks"]
    filled = initial_values(blocks)
    try:
        filled = with_given(blocks, filled, _changed(VALUES, in_values))
        json.dumps(press_in(blocks, action_id, value))
    except (BadRequest, Refused):
        pass
    assert set(problems_of(blocks, filled)) <= {block["block_id"] for block in blocks}
    json.dumps(filled)
