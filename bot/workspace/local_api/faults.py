"""The routes at `/local/faults`, what the workspace does wrong on purpose, and `/local/calls`, how
often the bot has called it and whether Slack's rates are enforced."""

from __future__ import annotations

from aiohttp import web

from bot.workspace.answers import succeeded
from bot.workspace.errors import BadRequest
from bot.workspace.local_api.requests import json_of
from bot.workspace.workspace import Workspace


async def get_faults(workspace: Workspace, request: web.Request) -> web.Response:
    """The faults being injected."""
    return web.json_response(workspace.faults.shown())


async def set_faults(workspace: Workspace, request: web.Request) -> web.Response:
    """Change the faults named, leave the others, return them all."""
    body = await json_of(request)
    workspace.faults.set(body)
    if "silent_sockets" in body:
        workspace.sockets.silence()
    if workspace.faults.drop_sockets:
        workspace.sockets.drop(abrupt=workspace.faults.drop_sockets == "abrupt")
        workspace.faults.drop_sockets = False
    return web.json_response(workspace.faults.shown())


async def get_calls(workspace: Workspace, request: web.Request) -> web.Response:
    """What the bot has called."""
    return web.json_response(workspace.call_log.shown())


async def limit_calls(workspace: Workspace, request: web.Request) -> web.Response:
    """Begin or end to refuse calls above the rates that Slack publishes."""
    limited = (await json_of(request)).get("limited")
    if not isinstance(limited, bool):
        raise BadRequest("limited takes true or false.")
    workspace.call_log.is_limiting = limited
    return succeeded(limited=limited)
