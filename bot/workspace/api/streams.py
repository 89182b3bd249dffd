"""chat.startStream, chat.appendStream and chat.stopStream.

A stream is a message whose `streaming_state` is `in_progress`; it is dead once the injected
lifetime is over. Knows nothing of how the page shows it.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.api.arguments import Arguments
from bot.workspace.api.content import metadata_of
from bot.workspace.block_kit import checked_blocks, checked_markdown
from bot.workspace.errors import Refused
from bot.workspace.state.people import Caller
from bot.workspace.state.state import Channel, Message
from bot.workspace.workspace import Workspace

Json = dict[str, Any]

STREAMED = "streamed"


def start(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.startStream: begin a reply in a thread."""
    channel = workspace.state.channel(args.text("channel"))
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
        "thread_ts": workspace.state.root(channel, args.text("thread_ts"))["ts"],
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
    shown = workspace.state.shown(channel, finished, metadata=True)
    return {"channel": channel.id, "ts": message["ts"], "message": shown}


def is_streaming(workspace: Workspace, channel: Channel, message: Message) -> bool:
    """Whether a message is being streamed; one whose time is over is finished on the way."""
    if message.get("streaming_state") != "in_progress":
        return False
    if workspace.faults.stream_expired(message["ts"]):
        workspace.messages.change(channel, message, _finished(message, []))
        return False
    return True


def without_streamed_blocks(message: Message) -> Message:
    """The message without blocks if those were made from its streamed text.

    New text takes their place; blocks the bot chose itself stay unless it replaces them.
    """
    if any(block.get("block_id") == STREAMED for block in message.get("blocks", [])):
        return {key: value for key, value in message.items() if key != "blocks"}
    return message


def _stream(workspace: Workspace, args: Arguments) -> tuple[Channel, Message]:
    channel = workspace.state.channel(args.text("channel"))
    message = workspace.state.message(channel, args.text("ts"))
    if not is_streaming(workspace, channel, message):
        raise Refused("message_not_in_streaming_state")
    return channel, message


def _finished(message: Message, extra: list[Json]) -> Message:
    blocks = list(extra)
    if message["text"]:
        blocks.insert(0, {"type": "markdown", "block_id": STREAMED, "text": message["text"]})
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
