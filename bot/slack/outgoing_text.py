"""Text on its way to Slack: escaped, shortened, and with a model's Markdown in Slack's form.

What a model or a person wrote is data: escaped, and shown with `verbatim`, it can neither notify
anybody nor become a link.
"""

import re
from datetime import datetime

ANSWER_CHARACTERS = 600
"""The most of an answer beside others: four questions with two answers fit a message."""
QUESTION_CHARACTERS = 300

NAME_CHARACTERS = 80

NESTED = "\u2003"
"""What a nested item begins with, for each level."""

JOINER = "\u2060"
"""A character without width, at which no line breaks: Unicode's word joiner."""

_BOLD = re.compile(r"\*\*(?=[^\s*])([^*\n]*[^\s*])\*\*")
_ITEM = re.compile(r"^([ \t]*)[-*+] (?=\S)", re.M)
_HEADING = re.compile(r"^#{1,6} +([^ *\n][^*\n]*)$", re.M)
_LIVE = re.compile(
    r"(?<=<)(?=\S)"  # mentions, channels, links, HTML
    r"|(?<=&)(?=[#\w])"  # character references
    r"|(?<=[@#])(?=\w)"  # names, addresses of mail
    r"|(?<=\])(?=[(\[:])"  # the target of a link
    r"|(?<=:)(?=/)|(?<=\w\.)(?=[^\W\d_])"  # addresses, with and without a scheme
)


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


def is_user_id(name: str) -> bool:
    """Tell whether `name` is a person's id in Slack, and not a login of a terminal."""
    return name[:1] in ("U", "W") and name.isalnum() and name.isupper()


def person(name: str) -> str:
    """Return a mention of a person by their id, or a login as it is written."""
    return f"<@{name}>" if is_user_id(name) else shortened(name, NAME_CHARACTERS)


def moment(time: str) -> str:
    """Return a moment as its reader's clock shows it (Slack formats it), or as it is written.

    `time` is as in the audit log, `2026-11-30T09:05:00+0000`. The syntax is Slack's:
    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    written = shortened(time[:16].replace("T", " "), NAME_CHARACTERS)
    try:
        seconds = int(datetime.fromisoformat(time).timestamp())
    except ValueError:
        return written
    return f"<!date^{seconds}^{{date_num}} {{time}}|{written}>"


def from_markdown(text: str) -> str:
    """Return a model's Markdown with bold words, headings and lists in Slack's form; not escaped.

    Everything else stays as it is; code blocks are not touched. Links stay text on purpose.
    """
    parts = re.split(r"(```.*?(?:```|\Z))", text, flags=re.S)
    parts[::2] = [
        _HEADING.sub(_bold_heading, _BOLD.sub(r"*\1*", _ITEM.sub(_bullet, part)))
        for part in parts[::2]
    ]
    return "".join(parts)


def lifeless(text: str) -> str:
    """Return a model's Markdown for a place where Slack itself makes names and addresses live.

    Looks the same, and nothing in it can notify anybody or become a link: a joiner stands where
    one would begin. What is returned for the beginning of a text is the beginning of what is
    returned for the whole, so that a growing text can be appended to.
    """
    return _LIVE.sub(JOINER, text)


def shown_answer(answer: str, empty: str) -> str:
    """Return an answer as it is shown beside others, or `empty` where it has no text."""
    return shortened(from_markdown(answer.strip()), ANSWER_CHARACTERS) or empty


def quoted_question(instruction: str, input: str = "") -> str:
    """Return a question as a quotation."""
    safe = shortened("\n".join(filter(None, [instruction, input])), QUESTION_CHARACTERS)
    return "\n".join(f"> {line}" for line in safe.split("\n"))


def _bullet(item: re.Match[str]) -> str:
    # Slack and browsers drop spaces at the beginning of a line; these are none to them.
    depth = len(item[1].expandtabs(4)) // 2
    return NESTED * depth + ("◦ " if depth else "• ")


def _bold_heading(heading: re.Match[str]) -> str:
    # Not in the pattern: to search for an end that may be missing takes minutes in a long line.
    words = heading[1].rstrip("#").rstrip(" ")
    return f"*{words}*" if words else heading[0]
