"""What a message says: the checked text, blocks, metadata and thread of a Web API call.

Shared by the methods that post; posts nothing itself.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.api.arguments import Arguments
from bot.workspace.block_kit import MAX_TEXT, checked_blocks, checked_markdown, checked_text
from bot.workspace.errors import Refused
from bot.workspace.state.state import Channel
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


def content_of(args: Arguments, *, longest: int = MAX_TEXT) -> Json:
    """The checked text, blocks and metadata of a call, each only if given."""
    content: Json = {}
    if "text" in args:
        content["text"] = checked_text(args.text("text"), longest)
    blocks = args.items("blocks", "invalid_blocks_format")
    if blocks is not None:
        content["blocks"] = checked_blocks(blocks)
    if args.text("markdown_text"):
        if content:
            raise Refused("markdown_text_conflict")
        markdown = checked_markdown(args.text("markdown_text"))
        content["text"] = markdown
        content["blocks"] = checked_blocks([{"type": "markdown", "text": markdown}])
    metadata = metadata_of(args)
    if metadata is not None:
        content["metadata"] = metadata
    return content


def metadata_of(args: Arguments) -> Json | None:
    """The checked message metadata of a call; an empty object takes it away."""
    metadata = args.object("metadata", "invalid_metadata_format")
    if not metadata:
        return metadata
    payload = metadata.get("event_payload")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(payload, dict):
        raise Refused("invalid_metadata_schema")
    return {"event_type": metadata["event_type"], "event_payload": payload}


def in_thread(workspace: Workspace, channel: Channel, args: Arguments) -> Json:
    """The `thread_ts` field of a reply; a reply to a reply joins the same thread."""
    if not args.text("thread_ts"):
        return {}
    return {"thread_ts": workspace.state.root(channel, args.text("thread_ts"))["ts"]}
