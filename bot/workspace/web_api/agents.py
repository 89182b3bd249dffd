"""What only an agent may call: agents.sessions.* and the prompts of its messages.

The rules are those of https://docs.slack.dev/ai/agent-sessions; what a session is, is in
`delivery.sessions`.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.delivery.sessions import STATUSES
from bot.workspace.errors import Refused
from bot.workspace.state.channels import Channel, channel_named
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.workspace import Workspace

Json = dict[str, Any]

MAX_TITLE = 200
MAX_PROMPTS = 4


def set_status(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """agents.sessions.setStatus: begin a session, or change its status."""
    channel, thread = _thread(workspace, args)
    status, title = args.text("status"), args.text("title")
    if status not in STATUSES:
        raise Refused("invalid_arguments", f"status must be one of {', '.join(STATUSES)}")
    if len(title) > MAX_TITLE:
        raise Refused("invalid_arguments", f"title may have at most {MAX_TITLE} characters")
    if initiator := args.text("initiator_user_id"):
        channel_named(channel.id, seen_by=initiator)
    session = workspace.sessions.set(channel, thread, status, title)
    return {"status": status, "agent_status": status, "title": session["title"]}


def rename(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """agents.sessions.rename: change a session's title."""
    channel, thread = _thread(workspace, args)
    title = args.text("title")
    if not 1 <= len(title) <= MAX_TITLE:
        raise Refused("invalid_arguments", f"title takes 1 to {MAX_TITLE} characters")
    return {"title": workspace.sessions.rename(channel, thread, title)["title"]}


def set_suggested_prompts(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """assistant.threads.setSuggestedPrompts: show up to four prompts in direct messages."""
    if not workspace.is_agent:
        raise Refused("missing_scope")
    channel = channel_named(args.text("channel_id"))
    if channel.kind != "im":
        raise Refused("channel_not_found")
    prompts = args.items("prompts", "invalid_arguments") or []
    if not 1 <= len(prompts) <= MAX_PROMPTS or not all(map(_is_prompt, prompts)):
        raise Refused("invalid_arguments", "prompts takes one to four of {title, message}")
    if not args.text("thread_ts"):  # with it, the call of an agent does nothing
        workspace.sessions.suggest(channel, args.text("title"), prompts)
    return {}


def _thread(workspace: Workspace, args: Arguments) -> tuple[Channel, str]:
    """The thread that a call names. Raises Refused, also where the app is no agent."""
    if not workspace.is_agent:
        raise Refused("feature_not_enabled")
    channel = channel_named(args.text("channel_id"))
    if not args.text("thread_ts"):
        raise Refused("invalid_thread_ts")
    return channel, workspace.conversations.root(channel, args.text("thread_ts"))["ts"]


def _is_prompt(prompt: Any) -> bool:
    return isinstance(prompt, dict) and all(
        isinstance(prompt.get(key), str) and prompt[key] for key in ("title", "message")
    )


METHODS = {
    "agents.sessions.setStatus": set_status,
    "agents.sessions.rename": rename,
    "assistant.threads.setSuggestedPrompts": set_suggested_prompts,
}
