"""A Slack message's incoming text: from what people type to plain text.

Slack escapes `&`, `<` and `>`, and writes mentions, channels and links as `<…>`
(https://docs.slack.dev/messaging/formatting-message-text). What a message asks for is decided
elsewhere: `bot.questions.parse`.
"""

import re

_BULLET = re.compile(r"^(\u2003*)[•◦] ", re.M)
_REFERENCE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_EMOJI = re.compile(r":[\w+'-]+:")


def without_markup(text: str) -> str:
    """Return plain text: mentions, channels and links by their names, entities as characters."""
    return unescape(_REFERENCE.sub(_name_of, text))


def without_bullets(text: str) -> str:
    """Return a text of the bot with its lists in Markdown, as a model writes them."""
    return _BULLET.sub(lambda item: "  " * len(item[1]) + "- ", text)


def unescape(text: str) -> str:
    """Undo `bot.slack.outgoing_text.escape`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def has_words(text: str) -> bool:
    """Tell whether there is a letter beside mentions, links and emoji: words have a language."""
    return any(map(str.isalpha, _EMOJI.sub("", _REFERENCE.sub("", text))))


def without_mention(text: str, user: str) -> str:
    """Return Slack text without the mentions of `user`."""
    return re.sub(rf"(?<![ \t])[ \t]*<@{re.escape(user)}(?:\|[^<>]*)?>[ \t]*", " ", text).strip()


def _name_of(reference: re.Match[str]) -> str:
    target, label = reference[1], reference[2]
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    address = target.removeprefix("mailto:")
    return f"{label} ({address})" if label and label != address else address
