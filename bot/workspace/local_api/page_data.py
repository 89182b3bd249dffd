"""The routes the page reads: its first state, ephemeral messages, and the stream of page events."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web

from bot.workspace.answers import succeeded
from bot.workspace.delivery.page_events import PageEvent
from bot.workspace.errors import BadRequest
from bot.workspace.local_api.requests import (
    channel_and_person_of,
    json_of,
    person_of,
    string_of,
)
from bot.workspace.state.channels import CHANNELS, Channel
from bot.workspace.state.people import BOT_USER, HUMANS, PEOPLE, TEAM_NAME, Person
from bot.workspace.workspace import Workspace

_LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")

RECONNECT_MS = 1000
"""How long a browser waits before it reconnects to the event stream."""


async def first_state(workspace: Workspace, request: web.Request) -> web.Response:
    """All the page needs to start, the people's tokens included."""
    return succeeded(
        team=TEAM_NAME,
        bot=BOT_USER,
        users=[_user(person) for person in PEOPLE.values()],
        tokens={person.id: workspace.tokens.of(person.id) for person in HUMANS},
        channels=[_channel(channel) for channel in CHANNELS],
        statuses=workspace.statuses.shown(),
        is_agent=workspace.is_agent,
        sessions=workspace.sessions.shown(),
        connected=workspace.sockets.connected,
        event_id=workspace.page_events.last_id,
    )


async def choose_locale(workspace: Workspace, request: web.Request) -> web.Response:
    """Set a person's locale, which decides in what language the bot tells them things."""
    body = await json_of(request)
    person, locale = person_of(request, body), string_of(body, "locale")
    if not _LOCALE.fullmatch(locale):
        raise BadRequest("locale must be a language with its region, as in ja-JP.")
    workspace.locales[person.id] = locale
    return succeeded()


async def ephemeral(workspace: Workspace, request: web.Request) -> web.Response:
    """The ephemeral messages of one person in a channel."""
    channel, person = channel_and_person_of(request, request.query)
    return succeeded(messages=workspace.conversations.ephemeral(channel, person.id))


async def events(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Server-sent events of everything that happens, from `Last-Event-ID` or `since` on."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    response.headers["Cache-Control"] = "no-store"
    await response.prepare(request)
    since = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    try:
        await response.write(f"retry: {RECONNECT_MS}\n\n".encode())
        async for event in workspace.page_events.follow(since):
            await response.write(_server_sent(event))
    except ConnectionError:
        return response
    return response


def _server_sent(event: PageEvent | None) -> bytes:
    """The event as text/event-stream; None becomes a comment that keeps the connection open."""
    if event is None:
        return b": still here\n\n"
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(event.data)}\n\n".encode()


def _user(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "is_admin": person.is_admin,
        "is_bot": person.is_bot,
        "is_guest": person.is_guest,
        "is_stranger": person.is_stranger,
    }


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "person": channel.person,
    }
