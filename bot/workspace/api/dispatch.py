"""`/api/<method>`: finds the method, checks the token, injects faults, answers as Slack does.

Knows no method's meaning; those are `chat`, `streams`, `conversations`, `members` and `files`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.workspace.api import chat, conversations, files, members, streams
from bot.workspace.api.arguments import Arguments
from bot.workspace.errors import Refused
from bot.workspace.state.people import USER_TOKEN_PREFIX, Caller, caller_of
from bot.workspace.workspace import Workspace

Json = dict[str, Any]
Method = Callable[[Workspace, Caller, Arguments], Json]

METHODS: dict[str, Method] = {
    **chat.METHODS,
    **streams.METHODS,
    **conversations.METHODS,
    **members.METHODS,
    **files.METHODS,
}

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

# What the bot's token may do; Slack sends it along with every answer.
SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,"
    "files:read,files:write,groups:history,groups:read,im:history,im:read,im:write,users:read"
)


async def call(workspace: Workspace, request: web.Request) -> web.Response:
    """Answer one Web API call."""
    name = request.match_info["method"]
    # Faults are the bot's to survive: what a person types always arrives.
    persons = _token_of_header(request).startswith(USER_TOKEN_PREFIX)
    if not persons and workspace.faults.take("rate_limit", name):
        return _answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})
    if not persons and workspace.faults.take("errors", name):
        return _answer({"ok": False, "error": "internal_error"}, 500, {})
    try:
        result = {"ok": True} | await _called(workspace, name, request)
    except Refused as refused:
        result = _refusal(refused)
    if not persons and workspace.faults.take("lose_response", name) and request.transport:
        request.transport.abort()
    return _answer(result, 200, {"X-OAuth-Scopes": SCOPES})


async def _called(workspace: Workspace, name: str, request: web.Request) -> Json:
    args = await Arguments.read(request)
    method = METHODS.get(name)
    if method is None:
        raise Refused("unknown_method")
    caller = caller_of(_token(request, args))
    if not _allowed(caller, name):
        raise Refused("not_allowed_token_type")
    return method(workspace, caller, args)


def _token(request: web.Request, args: Arguments) -> str:
    return _token_of_header(request) or args.text("token")


def _token_of_header(request: web.Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _allowed(caller: Caller, method: str) -> bool:
    if caller.kind == "app":
        return method in FOR_APPS
    if caller.kind == "user":
        return method in FOR_PEOPLE
    return method != "apps.connections.open"


def _refusal(refused: Refused) -> Json:
    refusal: Json = {"ok": False, "error": refused.code}
    if refused.detail:
        refusal |= {
            "errors": [refused.detail],
            "response_metadata": {"messages": [f"[ERROR] {refused.detail}"]},
        }
    return refusal


def _answer(body: Json, status: int, headers: dict[str, str]) -> web.Response:
    return web.json_response(body, status=status, headers=headers)
