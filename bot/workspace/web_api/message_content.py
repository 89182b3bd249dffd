"""The checked text, blocks, metadata and thread in the arguments of a method that posts.

Also refuses what Slack refuses to post in an archived channel. Posts nothing itself.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.block_kit.blocks import checked_blocks
from bot.workspace.block_kit.text import MAX_TEXT, checked_markdown, checked_text
from bot.workspace.errors import Refused
from bot.workspace.state.channels import Channel
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


def content_of(args: Arguments, *, longest: int = MAX_TEXT) -> Json:
    """The checked text, blocks and metadata of a call, each only if given.

    Raises Refused `msg_too_long`, `markdown_text_conflict` or an `invalid_…` code. `longest` is
    in characters.
    """
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


def new_content_of(args: Arguments, *, longest: int = MAX_TEXT) -> Json:
    """The content of a new message. Raises Refused `no_text` if it has neither text nor blocks."""
    content = {"text": ""} | content_of(args, longest=longest)
    if not content["text"] and not content.get("blocks"):
        raise Refused("no_text")
    return content


def metadata_of(args: Arguments) -> Json | None:
    """The checked message metadata of a call; an empty object removes it."""
    metadata = args.object("metadata", "invalid_metadata_format")
    if not metadata:
        return metadata
    payload = metadata.get("event_payload")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(payload, dict):
        raise Refused("invalid_metadata_schema")
    return {"event_type": metadata["event_type"], "event_payload": payload}


def thread_of(workspace: Workspace, channel: Channel, args: Arguments) -> Json:
    """The `thread_ts` field of a reply; a reply to a reply joins the same thread.

    Raises Refused `thread_not_found`.
    """
    if not args.text("thread_ts"):
        return {}
    return {"thread_ts": workspace.conversations.root(channel, args.text("thread_ts"))["ts"]}


def refuse_if_archived(workspace: Workspace, channel: Channel, code: str = "is_archived") -> None:
    """Raise Refused with `code` where the channel is archived: it can only be read."""
    if channel.id in workspace.faults.archived:
        raise Refused(code)
