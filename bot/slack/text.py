"""Slack's text format: from what people write to plain text, and from a model's text to Slack.

Slack escapes `&`, `<`, `>` and writes mentions, channels and links as `<…>`
(https://docs.slack.dev/messaging/formatting-message-text). What a model writes is data: escaped,
and shown with `verbatim`, it can neither ping nor link.
"""

import re

_BOLD = re.compile(r"\*\*(?=[^\s*])([^*\n]*[^\s*])\*\*")
_HEADING = re.compile(r"^#{1,6} +([^*\n]+?) *#*$", re.M)
_REFERENCE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def escape(text: str) -> str:
    """Return `text` so that Slack shows it as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str, most: int) -> str:
    """Return `text` escaped, cut so that it has at most `most` characters after escaping."""
    safe = escape(text)
    if len(safe) <= most:
        return safe
    room, kept = most - 1, []
    for character in text:
        room -= len(escape(character))
        if room < 0:
            break
        kept.append(character)
    return escape("".join(kept)) + "…"


def unescape(text: str) -> str:
    """Undo `escape`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def from_markdown(text: str) -> str:
    """Return a model's Markdown with the bold words and headings written as Slack writes them.

    Everything else stays as it is; code blocks are not touched. Links stay text on purpose.
    """
    parts = re.split(r"(```.*?(?:```|\Z))", text, flags=re.S)
    parts[::2] = [_HEADING.sub(r"*\1*", _BOLD.sub(r"*\1*", part)) for part in parts[::2]]
    return "".join(parts)


def plain(text: str) -> str:
    """Return what a person meant: references by their names, entities as characters."""
    return unescape(_REFERENCE.sub(_named, text))


def without_mention(text: str, user: str) -> str:
    """Return Slack text without the mentions of `user`."""
    return re.sub(rf"(?<![ \t])[ \t]*<@{re.escape(user)}(?:\|[^<>]*)?>[ \t]*", " ", text).strip()


def _named(match: re.Match[str]) -> str:
    target, label = match[1], match[2]
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    address = target.removeprefix("mailto:")
    return f"{label} ({address})" if label and label != address else address
