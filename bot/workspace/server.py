"""The HTTP server: maps routes to handlers, starts and stops a workspace.

The command and the tests start one with `running()`. Knows no rule of Slack's.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.workspace.answers import failed
from bot.workspace.errors import BadRequest, PortTaken, Refused
from bot.workspace.guard import add_headers, guard
from bot.workspace.local_api import agent, faults, interactions, messages, page_data, views
from bot.workspace.local_api.callers import for_callers
from bot.workspace.sign_in import PAGE, index
from bot.workspace.web_api import dispatch, files
from bot.workspace.workspace import Workspace

SHUTDOWN_SECONDS = 0.3
"""How long requests that are under way may take to end once the server stops."""

Route = Callable[[Workspace, web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def running(
    *,
    port: int = 0,
    ack_timeout: float = 3.0,
    state: Path | None = None,
    secret: str = "",
    request_url: str = "",
    is_agent: bool = False,
) -> AsyncIterator[Workspace]:
    """Run a workspace in this event loop; port 0 picks a free one.

    Yields the workspace, whose `url`, `port` and `api_url` are then set. `ack_timeout` is how many
    seconds the bot has to acknowledge an envelope. Tokens end in `secret`; without one, in a new
    secret. With a `request_url` the bot is reached there over HTTP. With `is_agent` the bot's app
    is an agent. Raises PortTaken.
    """
    workspace = Workspace(state, ack_timeout, secret, is_agent=is_agent)
    runner = web.AppRunner(
        _application(workspace),
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handler_cancellation=True,
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
        workspace.envelopes.resume()
        if request_url:
            workspace.deliver_to(request_url)
        yield workspace
    finally:
        await workspace.close()
        await runner.cleanup()


def _application(workspace: Workspace) -> web.Application:
    application = web.Application(
        middlewares=[guard, _answer_errors], client_max_size=files.MAX_BYTES + 64 * 1024
    )
    application.on_response_prepare.append(add_headers)

    def route(method: str, path: str, handler: Route) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await handler(workspace, request)

        application.router.add_route(method, path, handle)

    route("GET", "/", index)
    route("*", "/api/{method}", dispatch.call)
    route("GET", "/link/", _connect)
    route("POST", "/upload/{file_id}", files.receive)
    route("GET", "/files/{file_id}/{name}", files.serve)
    route("POST", "/response/{key}", interactions.use_response_url)
    route("POST", "/local/command", for_callers(interactions.run_command))
    route("POST", "/local/action", for_callers(interactions.press_button))
    route("POST", "/local/shortcut", for_callers(interactions.run_shortcut))
    route("POST", "/local/edit", for_callers(messages.edit))
    route("POST", "/local/delete", for_callers(messages.delete))
    route("POST", "/local/opened", for_callers(agent.open_messages))
    route("POST", "/local/stop", for_callers(agent.stop))
    route("POST", "/local/locale", for_callers(page_data.choose_locale))
    route("GET", "/local/view", for_callers(views.form))
    route("POST", "/local/view", for_callers(views.use))
    route("GET", "/local/home", for_callers(views.home))
    route("GET", "/local/ephemeral", for_callers(page_data.ephemeral))
    route("GET", "/local/faults", for_callers(faults.get_faults))
    route("POST", "/local/faults", for_callers(faults.set_faults))
    route("GET", "/local/calls", for_callers(faults.get_calls))
    route("POST", "/local/calls", for_callers(faults.limit_calls))
    route("GET", "/local/state", for_callers(page_data.first_state))
    route("GET", "/local/events", for_callers(page_data.events))
    application.router.add_static("/page", PAGE)
    return application


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with the error that a handler raised, instead of a bare 500."""
    try:
        return await handler(request)
    except BadRequest as problem:
        return failed(str(problem), problem.status)
    except Refused as refused:
        return failed(refused.code, 404)


async def _connect(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Socket Mode, at the address that `apps.connections.open` returned."""
    if not workspace.sockets.knows_ticket(request.query.get("ticket", "")):
        raise web.HTTPForbidden(text="Ask apps.connections.open for an address first.")
    return await workspace.sockets.serve(request, workspace.envelopes.acknowledge)
