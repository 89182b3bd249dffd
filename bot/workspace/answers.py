"""The JSON objects every route answers with: `{"ok": true, …}` or `{"ok": false, "error": …}`.

Knows no route and no error code.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web


def succeeded(**fields: Any) -> web.Response:
    """Answer `{"ok": true}` with `fields` beside it."""
    return web.json_response({"ok": True, **fields})


def failed(error: str, status: int) -> web.Response:
    """Answer `{"ok": false}` with the error code or sentence, and an HTTP status."""
    return web.json_response({"ok": False, "error": error}, status=status)
