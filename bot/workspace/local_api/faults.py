"""The routes at `/local/faults`: read and set what the workspace does wrong on purpose."""

from __future__ import annotations

from aiohttp import web

from bot.workspace.local_api.requests import json_of
from bot.workspace.workspace import Workspace


async def get_faults(workspace: Workspace, request: web.Request) -> web.Response:
    """The faults being injected."""
    return web.json_response(workspace.faults.shown())


async def set_faults(workspace: Workspace, request: web.Request) -> web.Response:
    """Change the faults named, leave the others, return them all."""
    workspace.faults.set(await json_of(request))
    if workspace.faults.drop_sockets:
        workspace.sockets.drop(abrupt=workspace.faults.drop_sockets == "abrupt")
        workspace.faults.drop_sockets = False
    return web.json_response(workspace.faults.shown())
