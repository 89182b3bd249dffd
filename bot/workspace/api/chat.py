"""The chat.* methods that post, edit and delete, and the assistant's status line.

Streaming is `streams`; what reaches whom is `messages`.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.api.arguments import Arguments
from bot.workspace.api.content import content_of, in_thread
from bot.workspace.api.streams import is_streaming, without_streamed_blocks
from bot.workspace.block_kit import MAX_SPOKEN, MAX_TEXT
from bot.workspace.errors import Refused
from bot.workspace.state.people import Caller, person_named
from bot.workspace.state.state import Channel
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


def post_message(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.postMessage: how the bot answers and how a person speaks."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    longest = MAX_SPOKEN if caller.kind == "user" else MAX_TEXT
    content = {"text": ""} | content_of(args, longest=longest)
    if not content["text"] and not content.get("blocks"):
        raise Refused("no_text")
    content |= in_thread(workspace, channel, args)
    _not_archived(workspace, channel, "is_archived")
    message = workspace.messages.post(channel, caller.user, content)
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "message": workspace.state.shown(channel, message, metadata=True),
    }


def update(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.update: own messages only; blocks and metadata stay unless given anew."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    before = workspace.state.message(channel, args.text("ts"))
    if before["user"] != caller.user:
        raise Refused("cant_update_message")
    _not_archived(workspace, channel, "is_inactive")
    if is_streaming(workspace, channel, before):
        raise Refused("streaming_state_conflict")
    content = content_of(args)
    if not content:
        raise Refused("no_text")
    kept = without_streamed_blocks(before) if "text" in content else before
    edited = {"user": caller.user, "ts": workspace.state.next_ts()}
    after = workspace.messages.change(channel, before, kept | content | {"edited": edited})
    return {
        "channel": channel.id,
        "ts": after["ts"],
        "text": after["text"],
        "message": workspace.state.shown(channel, after, metadata=True),
    }


def delete(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.delete: own messages only."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    message = workspace.state.message(channel, args.text("ts"))
    if message["user"] != caller.user or is_streaming(workspace, channel, message):
        raise Refused("cant_delete_message")
    workspace.messages.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.postEphemeral: a message only `user` sees."""
    channel = workspace.state.channel(args.text("channel"))
    user = person_named(args.text("user")).id
    if not channel.open_to(user):
        raise Refused("user_not_in_channel")
    content = {"text": ""} | content_of(args)
    if not content["text"] and not content.get("blocks"):
        raise Refused("no_text")
    content |= in_thread(workspace, channel, args)
    _not_archived(workspace, channel, "is_archived")
    message = workspace.messages.whisper(channel, user, content)
    return {"message_ts": message["ts"]}


def get_permalink(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.getPermalink: a link that opens the page at the message."""
    channel = workspace.state.channel(args.text("channel"), seen_by=caller.user)
    message = workspace.state.message(channel, args.text("message_ts"))
    link = f"{workspace.url}/#{channel.id}/{message.get('thread_ts', message['ts'])}"
    return {"channel": channel.id, "permalink": link}


def set_status(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """assistant.threads.setStatus: the "is thinking…" line; an empty status clears it."""
    channel = workspace.state.channel(args.text("channel_id"))
    thread = workspace.state.root(channel, args.text("thread_ts"))
    loading = args.items("loading_messages", "invalid_arguments") or []
    workspace.statuses.set(
        channel, thread["ts"], args.text("status"), [str(line) for line in loading]
    )
    return {}


def _not_archived(workspace: Workspace, channel: Channel, code: str) -> None:
    """Refuse with Slack's code where a channel is archived: it can be read, and that is all."""
    if channel.id in workspace.faults.archived:
        raise Refused(code)


METHODS = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
    "chat.getPermalink": get_permalink,
    "assistant.threads.setStatus": set_status,
}
