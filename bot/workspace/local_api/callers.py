"""Who may call the `/local/*` routes: a person with a token, and the page with its cookie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.workspace.answers import failed
from bot.workspace.errors import Refused
from bot.workspace.local_api.requests import CALLER
from bot.workspace.sign_in import is_signed_in
from bot.workspace.web_api.authorization import bearer_token
from bot.workspace.workspace import Workspace

Route = Callable[[Workspace, web.Request], Awaitable[web.StreamResponse]]


def for_callers(route: Route) -> Route:
    """Let `route` serve such requests only; `request[CALLER]` is then the token's person."""

    async def checked(workspace: Workspace, request: web.Request) -> web.StreamResponse:
        token = bearer_token(request)
        if token or not is_signed_in(workspace, request):
            try:
                caller = workspace.tokens.caller_of(token)
            except Refused as refused:
                return failed(refused.code, 403)
            if caller.kind != "user":
                return failed("not_allowed_token_type", 403)
            request[CALLER] = caller.user
        return await route(workspace, request)

    return checked
