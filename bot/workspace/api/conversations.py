"""The conversations.* methods: which channels there are and what was said in them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from bot.workspace.api.arguments import Arguments
from bot.workspace.errors import Refused
from bot.workspace.state.people import BOT_USER, HUMANS, Caller, person_named
from bot.workspace.state.state import CHANNEL_CREATED, Channel, Message
from bot.workspace.workspace import Workspace

Json = dict[str, Any]

_TYPES = {"public_channel": "channel", "im": "im"}


def list_channels(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.list: by default public channels, `types=im` for direct messages."""
    kinds = [_TYPES.get(kind.strip()) for kind in args.text("types", "public_channel").split(",")]
    seen = [
        channel
        for channel in workspace.state.channels.values()
        if channel.kind in kinds and channel.open_to(caller.user)
    ]
    page, cursor = _page(seen, args, lambda channel: channel.id)
    return {
        "channels": [_shown(channel, caller.user) for channel in page],
        "response_metadata": {"next_cursor": cursor},
    }


def info(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.info."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    return {"channel": _shown(channel, caller.user)}


def members(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.members: everybody is in every public channel."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    people = [channel.person] if channel.person else [person.id for person in HUMANS]
    page, cursor = _page([*people, BOT_USER], args, str)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def open_direct(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.open: the direct messages between a person and the bot."""
    if args.text("channel"):
        channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    else:
        users = [user for user in args.text("users").split(",") if user]
        if len(users) != 1:
            raise Refused("users_list_not_supplied" if not users else "not_enough_users")
        other = person_named(users[0]).id
        if caller.kind == "user" and other != BOT_USER:
            raise Refused("user_not_visible")
        channel = workspace.state.direct(other if caller.kind == "bot" else caller.user)
    shown = _shown(channel, caller.user) if args.flag("return_im") else {"id": channel.id}
    return {"no_op": True, "already_open": True, "channel": shown}


def history(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.history: messages outside threads, newest first."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    found = [m for m in workspace.state.top_level(channel) if _within(m, args)]
    page, cursor = _page(found[::-1], args, _ts)
    return _messages(workspace, channel, page, cursor, args)


def replies(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """conversations.replies: a thread with the message that starts it, oldest first."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    root = workspace.state.root(channel, args.text("ts"))
    found = [m for m in workspace.state.replies(channel, root["ts"]) if _within(m, args)]
    page, cursor = _page([root, *found], args, _ts)
    return _messages(workspace, channel, page, cursor, args)


def _messages(
    workspace: Workspace, channel: Channel, page: list[Message], cursor: str, args: Arguments
) -> Json:
    metadata = args.flag("include_all_metadata")
    shown = [workspace.state.shown(channel, m, metadata=metadata) for m in page]
    result: Json = {"messages": shown, "has_more": bool(cursor)}
    if cursor:
        result["response_metadata"] = {"next_cursor": cursor}
    return result


def _within(message: Message, args: Arguments) -> bool:
    """Whether a message lies between `oldest` and `latest`; on the edge only if `inclusive`."""
    ts = _instant(message["ts"])
    oldest = _instant(args.text("oldest") or "0")
    latest = _instant(args.text("latest") or "99999999999")
    return oldest < ts < latest or (args.flag("inclusive") and ts in (oldest, latest))


def _instant(ts: str) -> int:
    """A timestamp in microseconds; floats are too coarse to compare them."""
    seconds, _, fraction = ts.partition(".")
    try:
        return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])
    except ValueError:
        raise Refused("invalid_ts_latest") from None


def _page(items: list[Any], args: Arguments, key: Callable[[Any], str]) -> tuple[list[Any], str]:
    """One page of `items` and the cursor of the next, empty after the last.

    A cursor names the item the next page starts with, so that what is said meanwhile shifts
    nothing.
    """
    limit = args.number("limit", default=100, most=1000)
    start = 0
    if args.text("cursor"):
        keys = [key(item) for item in items]
        try:
            start = keys.index(_decoded(args.text("cursor")))
        except ValueError:
            raise Refused("invalid_cursor") from None
    page, rest = items[start : start + limit], items[start + limit :]
    return page, _encoded(key(rest[0])) if rest else ""


def _encoded(key: str) -> str:
    return base64.b64encode(f"next:{key}".encode()).decode()


def _decoded(cursor: str) -> str:
    """The key in a cursor. Raises ValueError if it is none of ours."""
    return base64.b64decode(cursor, validate=True).decode().removeprefix("next:")


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
