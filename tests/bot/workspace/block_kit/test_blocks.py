"""Which blocks are refused, and the ids of those that are not."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.block_kit.blocks import actions_in, checked_blocks
from bot.workspace.errors import Refused


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, text: str = "Go") -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": text},
        "value": "v",
    }


THUMBS = {
    "type": "feedback_buttons",
    "action_id": "feedback",
    "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
    "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
}

ICON = {"type": "icon_button", "icon": "trash"}


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 51,
        [section("a" * 3001)],
        [section("")],
        [{"type": "section"}],
        [{"type": "markdown", "text": "a" * 6001}, {"type": "markdown", "text": "a" * 6000}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "context", "elements": []}],
        [{"type": "actions", "elements": [button("a"), button("a")]}],
        [{"type": "actions", "elements": [button("a", "x" * 76)]}],
        [{"type": "actions", "elements": [button("a") | {"style": "loud"}]}],
        [{"type": "context_actions", "elements": [button("a")]}],
        [{"type": "context_actions", "elements": [THUMBS] * 6}],
        [{"type": "context_actions", "elements": [THUMBS | {"negative_button": None}]}],
        [{"type": "context_actions", "elements": [{**button("a"), **ICON, "icon": "star"}]}],
        [{"type": "actions", "elements": [THUMBS]}],
        [{"type": "actions", "elements": [button("a") | {"accessibility_label": "x" * 76}]}],
        [{"type": "image", "image_url": "https://example.com/x.png"}],
        [{"type": "unheard_of"}],
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}],
        [{"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]}],
        [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2,
        [{"type": ["divider"]}],
        ["divider"],
        [{"type": "divider", "block_id": ["x"]}],
        [{"type": "divider", "block_id": "x"}, {"type": "divider", "block_id": "x"}],
    ],
)
def test_malformed_blocks_are_invalid(blocks: list[Any]) -> None:
    with pytest.raises(Refused) as caught:
        checked_blocks(blocks)
    assert caught.value.code == "invalid_blocks"


def test_good_blocks_get_an_id_each_and_their_buttons_are_found() -> None:
    blocks = checked_blocks(
        [
            section("a" * 3000) | {"accessory": button("side")},
            {"type": "actions", "elements": [button("one"), button("two")]},
            {"type": "context_actions", "elements": [THUMBS, button("remove") | ICON]},
            {"type": "markdown", "text": "a" * 12000},
        ]
    )
    found = [(block_id, element["action_id"]) for block_id, element in actions_in(blocks)]
    ids = [block["block_id"] for block in blocks]
    assert found == [
        (ids[0], "side"),
        (ids[1], "one"),
        (ids[1], "two"),
        (ids[2], "feedback"),
        (ids[2], "remove"),
    ]
