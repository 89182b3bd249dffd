"""Which token came with a request, and which methods each kind of token may call.

Whom a token belongs to is known to `state.tokens`.
"""

from __future__ import annotations

from aiohttp import web

from bot.workspace.state.tokens import Caller

FOR_APPS = {"apps.connections.open", "auth.test"}
FOR_PEOPLE = {
    "auth.test",
    "chat.postMessage",
    "conversations.history",
    "conversations.list",
    "conversations.open",
    "conversations.replies",
    "files.completeUploadExternal",
    "files.getUploadURLExternal",
    "users.list",
}

_SCOPES = (
    "app_mentions:read,channels:history,channels:read,chat:write,commands,"
    "files:read,files:write,groups:history,groups:read,im:history,im:read,im:write,users:read"
)


def scopes(*, is_agent: bool) -> str:
    """What the bot's token may do; Slack sends it along with every answer."""
    return f"{_SCOPES},assistant:write" if is_agent else _SCOPES


def bearer_token(request: web.Request) -> str:
    """The token of the `Authorization` header, empty without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def may_call(caller: Caller, method: str) -> bool:
    """Whether this kind of token may call `method`; the bot's may call all but the app's own."""
    if caller.kind == "app":
        return method in FOR_APPS
    if caller.kind == "user":
        return method in FOR_PEOPLE
    return method != "apps.connections.open"
