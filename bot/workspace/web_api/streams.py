"""chat.startStream, chat.appendStream and chat.stopStream.

A stream is a message whose `streaming_state` is `in_progress`; where `faults.expire_streaming` is
set, it expires after that time. Knows nothing of how the page shows it.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.block_kit.blocks import checked_blocks
from bot.workspace.block_kit.text import checked_markdown
from bot.workspace.errors import Refused
from bot.workspace.state.channels import Channel, channel_named
from bot.workspace.state.conversations import Message, without
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.web_api.message_content import metadata_of
from bot.workspace.workspace import Workspace

Json = dict[str, Any]

STREAMED_BLOCK_ID = "streamed"
"""Marks the block that holds the streamed text of a finished stream."""


def start(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.startStream: start a reply in a thread."""
    channel = channel_named(args.text("channel"))
    if workspace.faults.refuse_streaming:
        raise Refused("channel_type_not_supported")
    if not args.text("thread_ts"):
        raise Refused("invalid_arguments", "thread_ts is required")
    if channel.kind == "channel":
        for name in ("recipient_team_id", "recipient_user_id"):
            if not args.text(name):
                raise Refused(f"missing_{name}")
    content = {
        "text": _piece(args),
        "thread_ts": workspace.conversations.root(channel, args.text("thread_ts"))["ts"],
        "streaming_state": "in_progress",
    }
    message = workspace.messages.post(channel, caller.user, content)
    return {"channel": channel.id, "ts": message["ts"]}


def append(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.appendStream: add Markdown to a stream."""
    channel, message = _stream(workspace, args)
    piece = _piece(args)
    if not piece:
        raise Refused("no_text")
    workspace.messages.append(channel, message, piece)
    return {"channel": channel.id, "ts": message["ts"]}


def stop(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.stopStream: end a stream, with blocks and metadata for the finished message."""
    channel, message = _stream(workspace, args)
    extra = checked_blocks(args.items("blocks", "invalid_blocks_format") or [])
    metadata = metadata_of(args)
    message = workspace.messages.append(channel, message, _piece(args))
    finished = _finished(message, extra)
    if metadata is not None:
        finished["metadata"] = metadata
    workspace.messages.change(channel, message, finished)
    shown = workspace.conversations.shown(channel, finished, metadata=True)
    return {"channel": channel.id, "ts": message["ts"], "message": shown}


def is_streaming(workspace: Workspace, channel: Channel, message: Message) -> bool:
    """Whether a message is being streamed; a stream that has expired is finished first."""
    if message.get("streaming_state") != "in_progress":
        return False
    if workspace.faults.stream_expired(message["ts"]):
        workspace.messages.change(channel, message, _finished(message, []))
        return False
    return True


def without_streamed_blocks(message: Message) -> Message:
    """The message without its blocks if one of them holds its streamed text.

    An update with new text replaces the streamed text; other blocks stay until they are replaced.
    """
    if any(block.get("block_id") == STREAMED_BLOCK_ID for block in message.get("blocks", [])):
        return without(message, "blocks")
    return message


def _stream(workspace: Workspace, args: Arguments) -> tuple[Channel, Message]:
    channel = channel_named(args.text("channel"))
    message = workspace.conversations.message(channel, args.text("ts"))
    if not is_streaming(workspace, channel, message):
        raise Refused("message_not_in_streaming_state")
    return channel, message


def _finished(message: Message, extra: list[Json]) -> Message:
    blocks = list(extra)
    if message["text"]:
        blocks.insert(
            0, {"type": "markdown", "block_id": STREAMED_BLOCK_ID, "text": message["text"]}
        )
    return message | {"streaming_state": "completed", "blocks": blocks}


def _piece(args: Arguments) -> str:
    """The Markdown of a call, from `markdown_text` or from `chunks` of type `markdown_text`."""
    pieces = [args.text("markdown_text")]
    for chunk in args.items("chunks", "invalid_chunks") or []:
        if not isinstance(chunk, dict) or not isinstance(chunk.get("type"), str):
            raise Refused("invalid_chunks")
        if chunk["type"] == "markdown_text":
            if not isinstance(chunk.get("text"), str):
                raise Refused("invalid_chunks")
            pieces.append(chunk["text"])
    return checked_markdown("".join(pieces))


METHODS = {
    "chat.startStream": start,
    "chat.appendStream": append,
    "chat.stopStream": stop,
}
