"""Uploading and reading files: the files.* methods and the two URLs they return.

A file is announced, sent to its upload URL, then completed and shared. Only a completed file is
kept. Knows nothing of a file's content but its type.
"""

from __future__ import annotations

import mimetypes
import time
import uuid
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.workspace.block_kit.text import checked_text
from bot.workspace.errors import Refused
from bot.workspace.state.channels import channel_named
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.authorization import bearer_token
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.web_api.message_content import refuse_if_archived, thread_of
from bot.workspace.workspace import Upload, Workspace

Json = dict[str, Any]

MAX_BYTES = 20 * 1024 * 1024

# Served under their own type, because they cannot run in a browser; all others are downloaded.
SAFE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "text/plain")


def get_upload_url(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """files.getUploadURLExternal: announce a file."""
    name = args.text("filename").replace("/", "_")
    if not name:
        raise Refused("invalid_arguments", "filename is required")
    length = args.number("length", default=0, most=MAX_BYTES + 1)
    if length > MAX_BYTES:
        raise Refused("file_upload_size_restricted")
    # As long as a secret: whoever knows the upload URL may send the file.
    file_id = "F" + uuid.uuid4().hex.upper()
    workspace.uploads[file_id] = Upload(caller.user, name, length)
    return {"upload_url": f"{workspace.url}/upload/{file_id}", "file_id": file_id}


def complete_upload(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """files.completeUploadExternal: keep the files and share them as one message."""
    described = args.items("files", "invalid_arguments") or []
    if not described or not all(isinstance(item, dict) for item in described):
        raise Refused("invalid_arguments", "files is required")
    reference = args.text("channel_id") or args.text("channels").split(",")[0]
    channel = channel_named(reference, seen_by=caller.user) if reference else None
    content: Json = {"text": checked_text(args.text("initial_comment"))}
    if channel is not None:
        content |= thread_of(workspace, channel, args)
    uploads = [(str(item.get("id")), str(item.get("title") or "")) for item in described]
    if channel is not None:
        refuse_if_archived(workspace, channel)
    for file_id, _ in uploads:
        _check_sent(workspace, caller, file_id)
    files = [_keep(workspace, file_id, title) for file_id, title in uploads]
    if channel is not None:
        share = {"subtype": "file_share", "files": files, "upload": True}
        workspace.messages.post(channel, caller.user, content | share)
    return {"files": files}


def file_info(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """files.info."""
    file = workspace.database.file(args.text("file"))
    if file is None:
        raise Refused("file_not_found")
    return {"file": file[0]}


async def receive(workspace: Workspace, request: web.Request) -> web.Response:
    """The upload URL: take the bytes of an announced file, raw or as a form."""
    upload = workspace.uploads.get(request.match_info["file_id"])
    if upload is None:
        raise web.HTTPNotFound(text="no such upload")
    if request.content_type.startswith("multipart/"):
        fields = (await request.post()).values()
        sent = [field.file.read() for field in fields if isinstance(field, web.FileField)]
        content = sent[0] if sent else b""
    else:
        content = await request.read()
    if len(content) > MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(max_size=MAX_BYTES, actual_size=len(content))
    upload.content = content
    return web.Response(text=f"OK - {len(content)}")


async def serve(workspace: Workspace, request: web.Request) -> web.Response:
    """`url_private`: the bytes of a file, for a request with a valid token."""
    try:
        workspace.tokens.caller_of(bearer_token(request) or request.query.get("token", ""))
    except Refused as refused:
        raise web.HTTPForbidden(text=refused.code) from refused
    file = workspace.database.file(request.match_info["file_id"])
    if file is None:
        raise web.HTTPNotFound(text="file_not_found")
    description, content = file
    safe = description["mimetype"] in SAFE_TYPES
    name = quote(description["name"], errors="replace")
    headers = {
        "Content-Disposition": f"{'inline' if safe else 'attachment'}; filename*=UTF-8''{name}"
    }
    kind = description["mimetype"] if safe else "application/octet-stream"
    charset = "utf-8" if kind.startswith("text/") else None
    return web.Response(body=content, content_type=kind, charset=charset, headers=headers)


def _check_sent(workspace: Workspace, caller: Caller, file_id: str) -> None:
    """Raise Refused `file_not_found` unless the caller announced and sent this file."""
    upload = workspace.uploads.get(file_id)
    if upload is None or upload.content is None or upload.owner != caller.user:
        raise Refused("file_not_found")


def _keep(workspace: Workspace, file_id: str, title: str) -> Json:
    """Move a sent file from the uploads to the database; returns Slack's file object."""
    upload = workspace.uploads.pop(file_id)
    assert upload.content is not None
    mimetype = _mimetype(upload.name, upload.content)
    url = f"{workspace.url}/files/{file_id}/{quote(upload.name, errors='replace')}"
    now = int(time.time())
    description: Json = {
        "id": file_id,
        "created": now,
        "timestamp": now,
        "name": upload.name,
        "title": title or upload.name,
        "mimetype": mimetype,
        "filetype": upload.name.rpartition(".")[2] if "." in upload.name else "text",
        "user": upload.owner,
        "size": len(upload.content),
        "mode": "snippet" if mimetype == "text/plain" else "hosted",
        "is_external": False,
        "is_public": True,
        "url_private": url,
        "url_private_download": url,
        "permalink": url,
    }
    workspace.database.put_file(description, upload.content)
    return description


def _mimetype(name: str, content: bytes) -> str:
    guessed = mimetypes.guess_type(name)[0]
    if guessed:
        return guessed
    try:
        content.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain"


METHODS = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
    "files.info": file_info,
}
