"""`/api/<method>`: checks the token, runs the method, injects faults, answers as Slack does.

Knows no method's meaning; the modules beside it hold those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.workspace.answers import failed
from bot.workspace.errors import Refused
from bot.workspace.state.tokens import USER_TOKEN_PREFIX, Caller
from bot.workspace.web_api import agents, chat, conversations, files, streams, users, views
from bot.workspace.web_api.authorization import bearer_token, may_call, scopes
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.workspace import Workspace

Json = dict[str, Any]
Method = Callable[[Workspace, Caller, Arguments], Json]

RETRY_AFTER_SECONDS = 1

METHODS: dict[str, Method] = {
    **chat.METHODS,
    **streams.METHODS,
    **conversations.METHODS,
    **users.METHODS,
    **files.METHODS,
    **views.METHODS,
    **agents.METHODS,
}


async def call(workspace: Workspace, request: web.Request) -> web.Response:
    """Answer one Web API call."""
    name = request.match_info["method"]
    # Faults are injected into the bot's calls only: what a person types always arrives.
    by_person = bearer_token(request).startswith(USER_TOKEN_PREFIX)
    if not by_person and workspace.faults.take("rate_limit", name):
        return _limited(RETRY_AFTER_SECONDS)
    if not by_person and workspace.faults.take("errors", name):
        return failed("internal_error", 500)
    if not by_person and workspace.faults.revoked:
        return web.json_response(_refusal(Refused("token_revoked")))
    try:
        args = await Arguments.read(request)
        if not by_person and (seconds := workspace.call_log.take(name, _channel_in(args))):
            return _limited(seconds)
        result = {"ok": True} | _run(workspace, name, args, bearer_token(request))
    except Refused as refused:
        result = _refusal(refused)
    if not by_person and workspace.faults.take("lose_response", name) and request.transport:
        request.transport.abort()
    return web.json_response(
        result, headers={"X-OAuth-Scopes": scopes(is_agent=workspace.is_agent)}
    )


def _channel_in(args: Arguments) -> str:
    try:
        return args.text("channel")
    except Refused:
        return ""  # the method refuses it


def _limited(seconds: int) -> web.Response:
    limited = failed("ratelimited", 429)
    limited.headers["Retry-After"] = str(seconds)
    return limited


def _run(workspace: Workspace, name: str, args: Arguments, token: str) -> Json:
    method = METHODS.get(name)
    if method is None:
        raise Refused("unknown_method")
    caller = workspace.tokens.caller_of(token or args.text("token"))
    if not may_call(caller, name):
        raise Refused("not_allowed_token_type")
    return method(workspace, caller, args)


def _refusal(refused: Refused) -> Json:
    refusal: Json = {"ok": False, "error": refused.code}
    if refused.detail:
        refusal |= {
            "errors": [refused.detail],
            "response_metadata": {"messages": [f"[ERROR] {refused.detail}"]},
        }
    return refusal
