"""What Slack makes pings and links of in what an app sends, by Slack's documentation alone.

This module shares nothing with the bot, whose escaping it judges. It is stricter than Slack where
Slack is not documented: a `<` that begins nothing is found too, and so is a name that some client
might look for. The bot's own references, to people and channels that take part, are passed in.

- Text in Slack's own form: `<@…>`, `<#…>`, `<!…>` and `<address>` are parsed always, names and
  addresses that stand alone unless the text is `verbatim`
  (https://docs.slack.dev/messaging/formatting-message-text).
- The text of a message: as that; `parse` and `link_names` say whether names and addresses are
  looked for. An edit without `parse` is read as if a person had typed it
  (https://docs.slack.dev/reference/methods/chat.update).
- Markdown, in its block and in streams: Markdown's links and pictures, addresses, and Slack's own
  `<…>`; entities are decoded and not read again.
- Rich text: its elements say what they are. Plain text is never parsed.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

_REFERENCE = re.compile(r"<[^<>]*>?")
_DATE = re.compile(r"<!date\^\d+\^[^<>|^]*\|[^<>|]*>")
"""A moment that is shown by its reader's clock: no ping, and without a fourth part no link."""
_ADDRESS = re.compile(
    r"\b(?:https?|ftps?|slack|file)://\S|\bwww\.\w"
    r"|[\w.+-]+@[\w-]+\.\w|\b[\w-]+\.(?:com|net|org|jp|io)\b",
    re.I,
)
_NAME = re.compile(r"(?<!\w)@(?:here|channel|everyone|group|bob|alice|admin)\b|(?<![\w&])#[a-z]\w+")
_MARKDOWN_LINK = re.compile(r"(?<!\\)\](?:\(|\[)|^ {0,3}\[[^\]]+\]:", re.M)
_MARKUP = re.compile(r"<(?=[@#!/a-z])", re.I)

_POSTS = ("chat.postMessage", "chat.update", "chat.postEphemeral")
_STREAMS = ("chat.startStream", "chat.appendStream", "chat.stopStream")
_VIEWS = ("views.open", "views.push", "views.update", "views.publish")
_FILES = ("files.completeUploadExternal",)
_RESPONSES = ("response_url", "acknowledgement")
_STATUSES = ("assistant.threads.setStatus", "agents.sessions.setStatus")
_PLAIN = (
    "assistant.threads.setTitle",
    "assistant.threads.setSuggestedPrompts",
    "agents.sessions.setTitle",
)
_SILENT = (
    "apps.connections.open",
    "auth.test",
    "chat.delete",
    "conversations.",
    "files.getUploadURLExternal",
    "files.info",
    "users.",
)
"""What nobody reads."""

_UNSEEN = (
    "action_id",
    "block_id",
    "callback_id",
    "external_id",
    "initial_option",
    "metadata",
    "private_metadata",
    "value",
)
_SPEAKING = ("link", "user", "usergroup", "broadcast", "channel", "team", "image", "video", "file")
_ADDRESSES = ("url", "image_url", "thumb_url", "title_url", "title_link", "author_link")


def dangers(way: str, sent: Json, own: frozenset[str]) -> list[str]:
    """Return what Slack would make a ping or a link of; `own` are references that are meant.

    `way` is the Web API's method, `response_url`, or the `acknowledgement` of a payload. Of a
    stream `sent["markdown_text"]` is all that was streamed so far.
    """
    return list(_found(way, sent, own))


def _found(way: str, sent: Json, own: frozenset[str]) -> Iterator[str]:
    text, blocks = str(sent.get("text") or ""), sent.get("blocks") or []
    if way in _POSTS:
        if sent.get("parse") != "none" or sent.get("link_names"):
            yield "names and addresses are looked for"
        if way == "chat.postMessage" and (
            sent.get("unfurl_links") is not False or sent.get("unfurl_media") is not False
        ):
            yield "previews are made"
        yield from _in_mrkdwn(text, own, verbatim=sent.get("parse") == "none")
    elif way in _RESPONSES:
        # With blocks this is for notifications, in which nothing can be pressed.
        yield from _in_mrkdwn(text, own, verbatim=bool(blocks))
        yield from _in_parts(sent.get("view"), own)
    elif way in _STATUSES:
        for said in (str(sent.get("status") or ""), *(sent.get("loading_messages") or ())):
            yield from _in_mrkdwn(said, own, verbatim=False)
    elif way in _VIEWS:
        yield from _in_parts(sent["view"], own)
    elif way in _FILES:
        yield from _in_mrkdwn(str(sent.get("initial_comment") or ""), own, verbatim=False)
    elif not way.startswith(_SILENT) and way not in (*_STREAMS, *_PLAIN):
        yield "nobody has said what is read there"
    if sent.get("attachments"):
        yield "an attachment"
    yield from _in_parts(blocks, own)
    yield from _in_markdown(str(sent.get("markdown_text") or ""))
    yield from _in_parts(sent.get("chunks"), own)


def _in_parts(part: Any, own: frozenset[str]) -> Iterator[str]:
    """Look through blocks, elements and chunks of any depth."""
    if isinstance(part, list):
        for one in part:
            yield from _in_parts(one, own)
    if not isinstance(part, Mapping):
        return
    kind, text = part.get("type"), part.get("text")
    if kind == "mrkdwn":
        yield from _in_mrkdwn(str(text), own, verbatim=part.get("verbatim") is True)
    elif kind in ("markdown", "markdown_text"):
        yield from _in_markdown(str(text))
    elif kind == "raw_text":
        yield from (f"begins a reference: {text}" for _ in _MARKUP.finditer(str(text)))
    elif kind in _SPEAKING:
        yield f"an element of type {kind}"
    yield from (f"an address: {part[name]}" for name in _ADDRESSES if name in part)
    for name, inner in part.items():
        if name not in _UNSEEN:
            yield from _in_parts(inner, own)


def _in_mrkdwn(text: str, own: frozenset[str], *, verbatim: bool) -> Iterator[str]:
    for reference in _REFERENCE.findall(text):
        if reference not in own and not _DATE.fullmatch(reference):
            yield f"a reference: {reference}"
    if not verbatim:
        yield from _alone(_REFERENCE.sub("", text))


def _in_markdown(text: str) -> Iterator[str]:
    yield from (f"markup: {text[one.start() :][:20]}" for one in _MARKUP.finditer(text))
    yield from (f"a Markdown link: {one[0]}" for one in _MARKDOWN_LINK.finditer(text))
    yield from _alone(text)


def _alone(text: str) -> Iterator[str]:
    for pattern in (_ADDRESS, _NAME):
        yield from (f"stands alone: {one[0]}" for one in pattern.finditer(text))
