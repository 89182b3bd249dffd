"""What a form or a Home tab must contain, and how long its parts may be.

Knows nothing of who opens it, or of where it is kept.
"""

from __future__ import annotations

import json
from typing import Any

from bot.workspace.block_kit.blocks import checked_blocks
from bot.workspace.block_kit.rules import MAX_ID, PLAIN, Block, check_string, check_text, require
from bot.workspace.errors import Refused

View = dict[str, Any]

# https://docs.slack.dev/reference/views
MAX_VIEW_BLOCKS = 100
MAX_TITLE = 24
MAX_PRIVATE_METADATA = 3000
MAX_BYTES = 250_000

_FOR_MESSAGES = ("context_actions", "markdown")
_FLAGS = ("clear_on_close", "notify_on_close")


def checked_view(view: View, kind: str) -> View:
    """Return the fields that an app may set of a `modal` or `home` view, with ids in its blocks.

    Raises Refused `invalid_arguments`, with a reason, or `view_too_large`.
    """
    if len(json.dumps(view, ensure_ascii=False).encode(errors="replace")) > MAX_BYTES:
        raise Refused("view_too_large")
    try:
        return _checked(view, kind)
    except Refused as refused:
        raise Refused("invalid_arguments", f"{refused.detail} [json-pointer:/view]") from refused


def _checked(view: View, kind: str) -> View:
    require(view.get("type") == kind, f"type must be {kind}")
    given = view.get("blocks")
    if not isinstance(given, list):
        raise Refused("invalid_blocks", "blocks must be a list")
    blocks = checked_blocks(given, MAX_VIEW_BLOCKS)
    for block in blocks:
        require(block["type"] not in _FOR_MESSAGES, f"{block['type']} is for messages only")
    for key in ("callback_id", "external_id"):
        check_string(view, key, MAX_ID)
    check_string(view, "private_metadata", MAX_PRIVATE_METADATA)
    checked: View = {
        "type": kind,
        "blocks": blocks,
        "callback_id": view.get("callback_id", ""),
        "external_id": view.get("external_id", ""),
        "private_metadata": view.get("private_metadata", ""),
    }
    return checked | (_frame_of(view, blocks) if kind == "modal" else {})


def _frame_of(view: View, blocks: list[Block]) -> View:
    """What only a form has: title, buttons, and what happens when it is closed."""
    check_text(view.get("title"), PLAIN, MAX_TITLE)
    for key in ("submit", "close"):
        if view.get(key) is not None:
            check_text(view[key], PLAIN, MAX_TITLE)
    has_input = any(block["type"] == "input" for block in blocks)
    require(not has_input or bool(view.get("submit")), "submit is required for an input block")
    for flag in _FLAGS:
        require(isinstance(view.get(flag, False), bool), f"{flag} must be true or false")
    return {
        "title": view["title"],
        "submit": view.get("submit"),
        "close": view.get("close"),
        **{flag: view.get(flag, False) for flag in _FLAGS},
    }
