"""Reads requests to the `/local/*` routes: JSON bodies, and the person and channel named in them.

Knows no route.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.workspace.errors import BadRequest
from bot.workspace.state.channels import Channel, channel_named
from bot.workspace.state.people import Person, person_named

CALLER = web.RequestKey("CALLER", str)
"""The person whose token came with a request; absent for the page, which may act as anybody."""


async def json_of(request: web.Request) -> dict[str, Any]:
    """The JSON object in the body, which must be declared as JSON. Raises BadRequest.

    This keeps out other web pages: a browser sends JSON to a foreign origin only after a preflight
    request, which the workspace does not grant.
    """
    if request.content_type != "application/json":
        raise BadRequest("Send JSON, with Content-Type: application/json.", 415)
    return await undeclared_json_of(request)


async def undeclared_json_of(request: web.Request) -> dict[str, Any]:
    """The JSON object in the body, whatever its content type. Raises BadRequest."""
    try:
        body = json.loads(await request.text())
    except (ValueError, LookupError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


def string_of(body: Mapping[str, Any], name: str) -> str:
    """A field that must be there. Raises BadRequest."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is missing.")
    return value


def person_of(request: web.Request, body: Mapping[str, Any]) -> Person:
    """The person who acts.

    That is whose token came with the request, or for the page, which has all of them, whom the body
    names. Raises BadRequest, or Refused for a person who does not exist.
    """
    person = person_named(request.get(CALLER) or string_of(body, "user"))
    if person.is_bot:
        raise BadRequest("user must be a person, not the bot.")
    return person


def channel_and_person_of(request: web.Request, body: Mapping[str, Any]) -> tuple[Channel, Person]:
    """The channel named in a body, by id or name, and the person who acts.

    Raises what `person_of` does, or Refused for a channel that does not exist or that this person
    may not see.
    """
    person = person_of(request, body)
    return channel_named(string_of(body, "channel"), seen_by=person.id), person
