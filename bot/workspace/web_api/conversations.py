"""The conversations.* methods: channels, their members, their messages and threads."""

from __future__ import annotations

from typing import Any

from bot.workspace.errors import Refused
from bot.workspace.state.channels import (
    CHANNEL_CREATED,
    CHANNELS,
    Channel,
    channel_named,
    direct_messages_of,
)
from bot.workspace.state.conversations import Message
from bot.workspace.state.people import BOT_USER, HUMANS, person_named
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.web_api.paging import is_within, page_of
from bot.workspace.web_api.streams import seen_by
from bot.workspace.workspace import Workspace

Json = dict[str, Any]

_TYPES = {"public_channel": "channel", "im": "im"}


def list_channels(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.list: by default public channels, `types=im` for direct messages."""
    kinds = [_TYPES.get(kind.strip()) for kind in args.text("types", "public_channel").split(",")]
    seen = [
        channel for channel in CHANNELS if channel.kind in kinds and channel.open_to(caller.user)
    ]
    page, cursor = page_of(seen, args, lambda channel: channel.id)
    return {
        "channels": [_shown(channel, caller.user) for channel in page],
        "response_metadata": {"next_cursor": cursor},
    }


def info(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.info."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    return {"channel": _shown(channel, caller.user)}


def members(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.members: everybody is in every public channel."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    people = [channel.person] if channel.person else [person.id for person in HUMANS]
    page, cursor = page_of([*people, BOT_USER], args, str)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def open_direct(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.open: the direct messages between a person and the bot."""
    if args.text("channel"):
        channel = channel_named(args.text("channel"), seen_by=caller.user)
    else:
        users = [user for user in args.text("users").split(",") if user]
        if len(users) != 1:
            raise Refused("users_list_not_supplied" if not users else "not_enough_users")
        other = person_named(users[0]).id
        if caller.kind == "user" and other != BOT_USER:
            raise Refused("user_not_visible")
        channel = direct_messages_of(other if caller.kind == "bot" else caller.user)
    shown = _shown(channel, caller.user) if args.flag("return_im") else {"id": channel.id}
    return {"no_op": True, "already_open": True, "channel": shown}


def history(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.history: messages outside threads, newest first."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    within = [m for m in workspace.conversations.top_level(channel) if is_within(m["ts"], args)]
    page, cursor = page_of(within[::-1], args, _ts)
    return _messages(workspace, caller, channel, page, cursor, args)


def replies(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.replies: a thread with the message that starts it, oldest first."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    root = workspace.conversations.root(channel, args.text("ts"))
    within = [
        m for m in workspace.conversations.replies(channel, root["ts"]) if is_within(m["ts"], args)
    ]
    page, cursor = page_of([root, *within], args, _ts)
    return _messages(workspace, caller, channel, page, cursor, args)


def _messages(
    workspace: Workspace,
    caller: Caller,
    channel: Channel,
    page: list[Message],
    cursor: str,
    args: Arguments,
) -> Json:
    metadata = args.flag("include_all_metadata")
    seen = (seen_by(message, caller.user) for message in page)
    shown = [workspace.conversations.shown(channel, m, metadata=metadata) for m in seen]
    result: Json = {"messages": shown, "has_more": bool(cursor)}
    if cursor:
        result["response_metadata"] = {"next_cursor": cursor}
    return result


def _ts(message: Message) -> str:
    ts: str = message["ts"]
    return ts


def _shown(channel: Channel, viewer: str) -> Json:
    """The channel as a Slack conversation object."""
    if channel.kind == "im":
        return {
            "id": channel.id,
            "created": CHANNEL_CREATED,
            "is_im": True,
            "is_org_shared": False,
            "user": channel.person if viewer == BOT_USER else BOT_USER,
            "is_archived": False,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": CHANNEL_CREATED,
        "creator": HUMANS[0].id,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_archived": False,
        "is_general": channel.name == "general",
        "is_member": True,
        "num_members": len(HUMANS) + 1,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


METHODS = {
    "conversations.list": list_channels,
    "conversations.info": info,
    "conversations.members": members,
    "conversations.open": open_direct,
    "conversations.history": history,
    "conversations.replies": replies,
}
