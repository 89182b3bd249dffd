"""The arguments of a Web API call, from the query, a form or a JSON body.

slack_sdk uses all three, with booleans as "1" and objects as JSON in a string; the methods read
each argument here by the type they expect. Knows no method.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.workspace.errors import Refused


class Arguments:
    """Reads each argument as the type its method expects. Raises Refused for another type."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {key: value for key, value in values.items() if value is not None}

    @classmethod
    async def read(cls, request: web.Request) -> Arguments:
        """Read the query and the body.

        Raises Refused `invalid_json`, `json_not_object`, `invalid_form_data` or `invalid_charset`.
        """
        values: dict[str, Any] = dict(request.query)
        try:
            if request.content_type == "application/json":
                values |= _parsed(await request.text())
            elif request.can_read_body:
                values |= {
                    key: value
                    for key, value in (await request.post()).items()
                    if isinstance(value, str)
                }
        except (UnicodeDecodeError, LookupError):
            raise Refused("invalid_charset") from None
        except (ValueError, AssertionError):
            raise Refused("invalid_form_data") from None
        return cls(values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """A string, also made from a number or a boolean. Raises Refused `invalid_arguments`."""
        value = self._values.get(name, default)
        if isinstance(value, dict | list):
            raise Refused("invalid_arguments", f"{name} must be a string")
        return str(value)

    def flag(self, name: str) -> bool:
        """A boolean: true, "true", 1, "1"."""
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1, cut to `most`. Raises Refused `invalid_limit`."""
        try:
            number = int(self.text(name) or default)
        except ValueError:
            raise Refused("invalid_limit") from None
        if number < 1:
            raise Refused("invalid_limit")
        return min(number, most)

    def items(self, name: str, error: str) -> list[Any] | None:
        """A list, given as such or as JSON; None if absent. Raises Refused with `error`."""
        value = self._decoded(name, error)
        if value is None or isinstance(value, list):
            return value
        raise Refused(error)

    def object(self, name: str, error: str) -> dict[str, Any] | None:
        """An object, given as such or as JSON; None if absent. Raises Refused with `error`."""
        value = self._decoded(name, error)
        if value is None or isinstance(value, dict):
            return value
        raise Refused(error)

    def _decoded(self, name: str, error: str) -> Any:
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise Refused(error) from None


def _parsed(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body or "{}")
    except (ValueError, RecursionError):
        raise Refused("invalid_json") from None
    if not isinstance(value, dict):
        raise Refused("json_not_object")
    return value
