"""The HTTP server: routes to their handlers, and the life of a running workspace.

`running()` is how tests and the command start one. Knows no rule of Slack's.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.workspace import page_api
from bot.workspace.api import dispatch, files
from bot.workspace.errors import BadRequest, PortTaken, Refused
from bot.workspace.guard import add_headers, guard
from bot.workspace.workspace import Workspace

PAGE = Path(__file__).parent / "page"

Served = Callable[[Workspace, web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def running(
    *, port: int = 0, ack_timeout: float = 3.0, state: Path | None = None
) -> AsyncIterator[Workspace]:
    """Run a workspace in this event loop; port 0 picks a free one.

    Yields the workspace: `.url`, `.port` and `.api_url` say where it is. `ack_timeout` is how
    many seconds the bot has to acknowledge. Raises PortTaken.
    """
    workspace = Workspace(state, ack_timeout)
    runner = web.AppRunner(
        _application(workspace), access_log=None, shutdown_timeout=0.3, handler_cancellation=True
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(port) from error
            raise
        workspace.port = runner.addresses[0][1]
        workspace.sockets.resume()
        yield workspace
    finally:
        await workspace.close()
        await runner.cleanup()


def _application(workspace: Workspace) -> web.Application:
    application = web.Application(
        middlewares=[guard, _explain], client_max_size=files.MAX_BYTES + 64 * 1024
    )
    application.on_response_prepare.append(add_headers)

    def route(method: str, path: str, served: Served) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await served(workspace, request)

        application.router.add_route(method, path, handle)

    route("*", "/api/{method}", dispatch.call)
    route("GET", "/link/", _link)
    route("POST", "/upload/{file_id}", files.receive)
    route("GET", "/files/{file_id}/{name}", files.serve)
    route("POST", "/response/{key}", page_api.respond)
    route("POST", "/local/command", page_api.run_command)
    route("POST", "/local/action", page_api.press_button)
    route("GET", "/local/ephemeral", page_api.ephemeral)
    route("GET", "/local/faults", page_api.get_faults)
    route("POST", "/local/faults", page_api.set_faults)
    route("GET", "/local/state", page_api.bootstrap)
    route("GET", "/local/events", page_api.follow)
    application.router.add_get("/", _index)
    application.router.add_static("/page", PAGE)
    return application


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a request did wrong into a sentence for its sender."""
    try:
        return await handler(request)
    except BadRequest as problem:
        return web.json_response({"ok": False, "error": str(problem)}, status=problem.status)
    except Refused as refused:
        return web.json_response({"ok": False, "error": refused.code}, status=404)


async def _index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


async def _link(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Socket Mode's end of `apps.connections.open`."""
    if not workspace.sockets.knows_ticket(request.query.get("ticket", "")):
        raise web.HTTPForbidden(text="Ask apps.connections.open for an address first.")
    return await workspace.sockets.serve(request)
