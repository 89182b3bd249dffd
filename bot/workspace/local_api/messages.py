"""What people do to their own messages: edit them, delete them.

Each runs the Web API's method as that person, which refuses what is somebody else's.
"""

from __future__ import annotations

from aiohttp import web

from bot.workspace.answers import succeeded
from bot.workspace.errors import BadRequest
from bot.workspace.local_api.requests import channel_and_person_of, json_of, string_of
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api import chat
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.workspace import Workspace


async def edit(workspace: Workspace, request: web.Request) -> web.Response:
    """Change the text of a person's own message."""
    body = await json_of(request)
    channel, person = channel_and_person_of(request, body)
    text = string_of(body, "text")
    if not text.strip():
        raise BadRequest("text is missing.")
    wanted = Arguments({"channel": channel.id, "ts": string_of(body, "ts"), "text": text})
    chat.update(workspace, Caller("user", person.id), wanted)
    return succeeded()


async def delete(workspace: Workspace, request: web.Request) -> web.Response:
    """Delete a person's own message."""
    body = await json_of(request)
    channel, person = channel_and_person_of(request, body)
    wanted = Arguments({"channel": channel.id, "ts": string_of(body, "ts")})
    chat.delete(workspace, Caller("user", person.id), wanted)
    return succeeded()
