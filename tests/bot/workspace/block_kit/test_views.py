"""Which forms and Home tabs are refused."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.block_kit.views import checked_view
from bot.workspace.errors import Refused

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(element: Json, **block: Any) -> Json:
    return {"type": "input", "label": plain("?"), "element": element, **block}


def option(value: str) -> Json:
    return {"text": plain("x"), "value": value}


TEXT = {"type": "plain_text_input", "action_id": "a"}
MODAL = {"type": "modal", "title": plain("x" * 24), "submit": plain("Send"), "blocks": []}
THUMB = {"text": plain("+"), "value": "+"}
THUMBS = {"type": "feedback_buttons", "positive_button": THUMB, "negative_button": THUMB}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "home"},
        {"title": plain("x" * 25)},
        {"title": None},
        {"submit": plain("x" * 25)},
        {"close": {"type": "mrkdwn", "text": "Cancel"}},
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"notify_on_close": "yes"},
        {"blocks": None},
        {"blocks": [{"type": "divider"}] * 101},
        {"blocks": [field(TEXT)], "submit": None},
        {"blocks": [field(TEXT, block_id="b"), field(TEXT, block_id="b")]},
        {"blocks": [field(TEXT, label=plain("x" * 2001))]},
        {"blocks": [field(TEXT, hint="why")]},
        {"blocks": [field(TEXT | {"max_length": 3001})]},
        {"blocks": [field(TEXT | {"max_length": 5, "initial_value": "123456"})]},
        {"blocks": [field(TEXT | {"initial_value": "x" * 3001})]},
        {"blocks": [field(TEXT | {"min_length": 9, "max_length": 5})]},
        {"blocks": [field({"type": "button", "text": plain("x")})]},
        {"blocks": [field({"type": "static_select", "options": []})]},
        {"blocks": [field({"type": "static_select", "options": [option("x" * 151)]})]},
        {"blocks": [field({"type": "checkboxes", "options": [option("a"), option("a")]})]},
        {"blocks": [field({"type": "radio_buttons", "options": [option("a")] * 11})]},
        {
            "blocks": [
                field({"type": "radio_buttons", "options": [option("a")], "initial_option": 1})
            ]
        },
        {"blocks": [{"type": "actions", "elements": [TEXT]}]},
        {"blocks": [{"type": "context_actions", "elements": [THUMBS]}]},
        {"blocks": [{"type": "markdown", "text": "# x"}]},
    ],
)
def test_a_malformed_form_is_refused_with_the_reason(change: Json) -> None:
    with pytest.raises(Refused) as caught:
        checked_view(MODAL | change, "modal")
    assert caught.value.code == "invalid_arguments"
    assert caught.value.detail


def test_a_form_may_not_be_huge() -> None:
    blocks = [{"type": "section", "text": plain("x" * 2999)}] * 90
    with pytest.raises(Refused, match="view_too_large"):
        checked_view(MODAL | {"blocks": blocks}, "modal")


def test_a_form_may_be_as_full_as_slack_allows() -> None:
    long = TEXT | {"multiline": True, "max_length": 3000, "initial_value": "あ" * 3000}
    select = {"type": "static_select", "options": [option(str(n)) for n in range(100)]}
    ten = [option(str(n)) for n in range(10)]
    boxes = {"type": "checkboxes", "options": ten, "initial_options": ten[:2]}
    blocks = [field(long), field(select, optional=True), field(boxes)]
    full = MODAL | {"private_metadata": "x" * 3000, "blocks": blocks}
    assert len({block["block_id"] for block in checked_view(full, "modal")["blocks"]}) == 3
