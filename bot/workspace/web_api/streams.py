"""chat.startStream, chat.appendStream and chat.stopStream.

A stream is a message whose `streaming_state` is `in_progress`. It expires after Slack's time, or
that of `faults.expire_streaming`, and refuses text above Slack's bytes, or those of
`faults.streaming_bytes`. In a channel it is live for its recipient alone: others see its first
piece until it has ended. Slack keeps text and blocks in the order of the chunks; here all blocks
stand above the text. Knows nothing of how the page shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.workspace.block_kit.blocks import checked_blocks
from bot.workspace.block_kit.text import checked_markdown
from bot.workspace.errors import Refused
from bot.workspace.state.channels import Channel, channel_named
from bot.workspace.state.conversations import STREAM, Message, without
from bot.workspace.state.people import BOT_USER
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.web_api.message_content import metadata_of, refuse_if_archived
from bot.workspace.workspace import Workspace

Json = dict[str, Any]

MAX_BYTES = 10_600
"""Text of a stream in UTF-8: streams were refused from somewhere between here and 11,300 on."""

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
    piece = _piece(args)
    root = workspace.conversations.root(channel, args.text("thread_ts"))
    refuse_if_archived(workspace, channel)
    _check_size(workspace, piece.text)
    recipient = args.text("recipient_user_id") if channel.kind == "channel" else ""
    content: Json = {
        "text": piece.text,
        "thread_ts": root["ts"],
        "streaming_state": "in_progress",
        STREAM: {"recipient": recipient, "first": piece.text, "mode": piece.mode},
    }
    if piece.blocks:
        content["blocks"] = piece.blocks
    message = workspace.messages.post(channel, caller.user, content)
    return {"channel": channel.id, "ts": message["ts"]}


def append(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.appendStream: add Markdown and blocks to a stream."""
    channel, message = _stream(workspace, args)
    piece = _piece(args)
    if not piece.mode:
        raise Refused("no_text")
    _append(workspace, channel, message, piece)
    return {"channel": channel.id, "ts": message["ts"]}


def stop(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """chat.stopStream: end a stream, with blocks and metadata for the finished message."""
    channel, message = _stream(workspace, args)
    extra = checked_blocks(args.items("blocks", "invalid_blocks_format") or [])
    metadata = metadata_of(args)
    message = _append(workspace, channel, message, _piece(args))
    finished = _finished(message, extra)
    if metadata is not None:
        finished["metadata"] = metadata
    workspace.messages.change(channel, message, finished)
    shown = workspace.conversations.shown(channel, finished, metadata=True)
    return {"channel": channel.id, "ts": message["ts"], "message": shown}


def seen_by(message: Message, user: str) -> Message:
    """The message as a person sees it: not the growth of a stream that is another's."""
    stream = message.get(STREAM) or {}
    if stream.get("recipient") in (None, "", user) or user == BOT_USER:
        return message
    return message | {"text": stream["first"]}


def is_streaming(workspace: Workspace, channel: Channel, message: Message) -> bool:
    """Whether a message is being streamed; a stream that has expired is finished first."""
    if message.get("streaming_state") != "in_progress":
        return False
    if workspace.faults.stream_expired(message["ts"]):
        workspace.messages.change(channel, message, _finished(message, []))
        return False
    return True


def stop_all(workspace: Workspace, channel: Channel, thread_ts: str) -> list[str]:
    """Stop the streams in a thread, as Slack does when a person stops a session; their ts."""
    streams = [
        message
        for message in workspace.conversations.replies(channel, thread_ts)
        if is_streaming(workspace, channel, message)
    ]
    for message in streams:
        workspace.messages.change(channel, message, _finished(message, []))
    return [message["ts"] for message in streams]


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
    blocks = list(message.get("blocks", []))
    if message["text"]:
        text = {"type": "markdown", "block_id": STREAMED_BLOCK_ID, "text": message["text"]}
        blocks.append(text)
    ended = without(message, STREAM)
    return ended | {"streaming_state": "completed", "blocks": [*blocks, *extra]}


@dataclass(frozen=True)
class _Piece:
    """What one call brings; `mode` is how it brings it, `text` or `chunks`, empty for nothing."""

    text: str
    blocks: list[Json]
    mode: str


def _piece(args: Arguments) -> _Piece:
    """The Markdown of a call, from `markdown_text` or from `chunks`, and the chunks' blocks."""
    chunks = args.items("chunks", "invalid_chunks") or []
    if chunks and args.text("markdown_text"):
        raise Refused("markdown_text_conflict")
    pieces, blocks = [args.text("markdown_text")], []
    for chunk in chunks:
        if not isinstance(chunk, dict) or not isinstance(chunk.get("type"), str):
            raise Refused("invalid_chunks")
        if chunk["type"] == "markdown_text":
            if not isinstance(chunk.get("text"), str):
                raise Refused("invalid_chunks")
            pieces.append(chunk["text"])
        if chunk["type"] == "blocks":
            if not isinstance(chunk.get("blocks"), list):
                raise Refused("invalid_chunks")
            blocks += chunk["blocks"]
    mode = "chunks" if chunks else "text" if args.text("markdown_text") else ""
    return _Piece(checked_markdown("".join(pieces)), checked_blocks(blocks), mode)


def _append(workspace: Workspace, channel: Channel, message: Message, piece: _Piece) -> Message:
    """Add a piece, in the way in which the stream was opened."""
    stream = message[STREAM]
    if piece.mode and stream["mode"] not in ("", piece.mode):
        raise Refused("streaming_mode_mismatch")
    if piece.mode:
        _check_size(workspace, message["text"] + piece.text)
        blocks = checked_blocks([*message.get("blocks", []), *piece.blocks])
        message = message | {STREAM: stream | {"mode": piece.mode}}
        return workspace.messages.append(channel, message, piece.text, blocks)
    return message


def _check_size(workspace: Workspace, text: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > (workspace.faults.streaming_bytes or MAX_BYTES):
        raise Refused("msg_too_long")


METHODS = {
    "chat.startStream": start,
    "chat.appendStream": append,
    "chat.stopStream": stop,
}
