"""The chat.* methods that post, edit and delete, and the assistant's status line.

Streams are in `streams`; `delivery.messages` tells the page and the bot of each change.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.block_kit.text import MAX_TEXT, MAX_TEXT_OF_PERSON
from bot.workspace.errors import Refused
from bot.workspace.state.channels import channel_named
from bot.workspace.state.people import person_named
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.web_api.message_content import (
    content_of,
    new_content_of,
    refuse_if_archived,
    thread_of,
)
from bot.workspace.web_api.streams import is_streaming, without_streamed_blocks
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


def post_message(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.postMessage: by the bot or, with their own token, by a person."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    longest = MAX_TEXT_OF_PERSON if caller.kind == "user" else MAX_TEXT
    content = new_content_of(args, longest=longest)
    content |= thread_of(workspace, channel, args)
    refuse_if_archived(workspace, channel)
    message = workspace.messages.post(channel, caller.user, content)
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "message": workspace.conversations.shown(channel, message, metadata=True),
    }


def update(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.update: own messages only; blocks and metadata stay unless the call has new ones."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    before = workspace.conversations.message(channel, args.text("ts"))
    if before["user"] != caller.user:
        raise Refused("cant_update_message")
    refuse_if_archived(workspace, channel, "is_inactive")
    if is_streaming(workspace, channel, before):
        raise Refused("streaming_state_conflict")
    before = workspace.conversations.message(channel, before["ts"])  # an expired stream has ended
    content = content_of(args)
    if not content:
        raise Refused("no_text")
    kept = without_streamed_blocks(before) if "text" in content else before
    edited = {"user": caller.user, "ts": workspace.conversations.next_ts()}
    after = workspace.messages.change(channel, before, kept | content | {"edited": edited})
    return {
        "channel": channel.id,
        "ts": after["ts"],
        "text": after["text"],
        "message": workspace.conversations.shown(channel, after, metadata=True),
    }


def delete(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.delete: own messages only."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    message = workspace.conversations.message(channel, args.text("ts"))
    if message["user"] != caller.user or is_streaming(workspace, channel, message):
        raise Refused("cant_delete_message")
    workspace.messages.delete(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.postEphemeral: a message only `user` sees."""
    channel = channel_named(args.text("channel"))
    user = person_named(args.text("user")).id
    if not channel.open_to(user):
        raise Refused("user_not_in_channel")
    content = new_content_of(args)
    content |= thread_of(workspace, channel, args)
    refuse_if_archived(workspace, channel)
    message = workspace.messages.post_ephemeral(channel, user, content)
    return {"message_ts": message["ts"]}


def get_permalink(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.getPermalink: a link that opens the page at the message."""
    channel = channel_named(args.text("channel"), seen_by=caller.user)
    message = workspace.conversations.message(channel, args.text("message_ts"))
    link = f"{workspace.url}/#{channel.id}/{message.get('thread_ts', message['ts'])}"
    return {"channel": channel.id, "permalink": link}


def set_status(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """assistant.threads.setStatus: the "is thinking…" line; an empty status clears it."""
    channel = channel_named(args.text("channel_id"))
    thread = workspace.conversations.root(channel, args.text("thread_ts"))
    loading = args.items("loading_messages", "invalid_arguments") or []
    workspace.statuses.set(
        channel, thread["ts"], args.text("status"), [str(line) for line in loading]
    )
    return {}


METHODS = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
    "chat.getPermalink": get_permalink,
    "assistant.threads.setStatus": set_status,
}
