"""Cursors and time limits of the methods that list things.

Knows nothing of what is listed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TypeVar

from bot.workspace.errors import Refused
from bot.workspace.state.timestamps import microseconds_of
from bot.workspace.web_api.call_arguments import Arguments

Item = TypeVar("Item")

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


def page_of(
    items: list[Item], args: Arguments, key: Callable[[Item], str]
) -> tuple[list[Item], str]:
    """One page of `items` and the cursor of the next page, empty after the last.

    A cursor names the item that the next page starts with, so that items added in between do not
    shift it. Raises Refused `invalid_limit` or `invalid_cursor`.
    """
    limit = args.number("limit", default=DEFAULT_LIMIT, most=MAX_LIMIT)
    start = 0
    if args.text("cursor"):
        keys = [key(item) for item in items]
        try:
            start = keys.index(_decoded(args.text("cursor")))
        except ValueError:
            raise Refused("invalid_cursor") from None
    page, rest = items[start : start + limit], items[start + limit :]
    return page, _encoded(key(rest[0])) if rest else ""


def is_within(ts: str, args: Arguments) -> bool:
    """Whether `ts` lies between `oldest` and `latest`; equal to one counts only if `inclusive`.

    Raises Refused `invalid_ts_latest`.
    """
    try:
        moment = microseconds_of(ts)
        oldest = microseconds_of(args.text("oldest") or "0")
        latest = microseconds_of(args.text("latest") or "99999999999")
    except ValueError:
        raise Refused("invalid_ts_latest") from None
    return oldest < moment < latest or (args.flag("inclusive") and moment in (oldest, latest))


def _encoded(key: str) -> str:
    return base64.b64encode(f"next:{key}".encode()).decode()


def _decoded(cursor: str) -> str:
    """The key in a cursor. Raises ValueError if the cursor does not come from `_encoded`."""
    return base64.b64decode(cursor, validate=True).decode().removeprefix("next:")
