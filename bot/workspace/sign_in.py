"""How a browser is let in: the printed address sets a cookie, which the page's requests carry.

A cookie, because the browser sends it also with the event stream. Knows no route but the page's.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.workspace.state.tokens import same
from bot.workspace.workspace import Workspace

PAGE = Path(__file__).parent / "page"
FIELD = "secret"


def address(workspace: Workspace) -> str:
    """The address that lets a browser in: to be shown to nobody but who started the workspace."""
    return f"{workspace.url}/?{FIELD}={workspace.tokens.secret}"


def is_signed_in(workspace: Workspace, request: web.Request) -> bool:
    """Whether the page's cookie came with the request."""
    return same(request.cookies.get(_cookie(workspace), ""), workspace.tokens.secret)


async def index(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """The page; for the printed address its cookie; for others how to get in."""
    given = request.query.get(FIELD)
    if given is None and is_signed_in(workspace, request):
        return web.FileResponse(PAGE / "index.html")
    if given is not None and same(given, workspace.tokens.secret):
        return _signed_in(workspace, request)
    return web.FileResponse(PAGE / "closed.html", status=403)


def _signed_in(workspace: Workspace, request: web.Request) -> web.Response:
    """Set the cookie and lead on to the same address without the secret."""
    clean = request.rel_url.without_query_params(FIELD)
    response = web.Response(status=303, headers={"Location": str(clean)})
    response.set_cookie(
        _cookie(workspace), workspace.tokens.secret, httponly=True, samesite="Strict", path="/"
    )
    return response


def _cookie(workspace: Workspace) -> str:
    # Browsers keep one set of cookies for all ports of a host.
    return f"swallow-{workspace.port}"
