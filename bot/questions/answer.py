"""How an answer looks in Slack: split into messages, with its footer and its button.

Limits, as Slack enforces them: section text 3,000 characters, message text about 4,000. Text is
escaped and `verbatim`, so nothing in it pings or links. Pure functions: nothing is posted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.i18n.catalogue import Language, failure, say
from bot.slack.text import escape, from_markdown

PART_CHARACTERS = 2900
"""Escaped length of one message's text."""

STOP_ACTION = "stop_answer"


@dataclass(frozen=True)
class Post:
    """One message's content, as `chat.postMessage` takes it."""

    text: str
    blocks: tuple[dict[str, Any], ...]


def running(text: str, job: str, language: Language) -> list[Post]:
    """Return the messages of an answer that goes on; the last one carries the stop button."""
    stop = button(STOP_ACTION, job, say("button.stop", language))
    return _posts(text, {"type": "actions", "block_id": "stop", "elements": [stop]})


def ended(text: str, type: str, data: Mapping[str, Any], language: Language) -> list[Post]:
    """Return the messages of a job whose final event is `type` with `data`."""
    if type == "failed":
        values = {key: value for key, value in data.items() if key != "reason"}
        return _posts(failure(data.get("reason", "internal"), language, **values), None)
    if not text:
        return _posts(say("cancelled" if type == "cancelled" else "empty", language), None)
    footer = " · ".join(_footer(type, data, language))
    if not footer:
        return _posts(text, None)
    return _posts(text, {"type": "context", "block_id": "about", "elements": [plain(footer)]})


def sentence(text: str) -> Post:
    """Return our own sentences, which may use Slack's formatting and are escaped."""
    return Post(text, tuple(map(section, _whole_lines(text))))


def _whole_lines(text: str) -> list[str]:
    """Return `text` in parts that each fit a section, divided between lines where it can be."""
    parts = []
    while len(text) > PART_CHARACTERS:
        line_end = text.rfind("\n", 1, PART_CHARACTERS)
        end = line_end if line_end > 0 else PART_CHARACTERS
        parts.append(text[:end])
        text = text[end:].removeprefix("\n")
    return [*parts, text]


def section(text: str) -> dict[str, Any]:
    """Return a block of Slack's text in which nothing links by itself."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def button(action: str, value: str, label: str, *, style: str = "") -> dict[str, Any]:
    """Return a button; `style` is Slack's `primary` or `danger`."""
    shown = {"type": "button", "action_id": action, "value": value, "text": plain(label)}
    return {**shown, "style": style} if style else shown


def plain(text: str) -> dict[str, Any]:
    """Return text without any formatting."""
    return {"type": "plain_text", "text": text, "emoji": False}


def headed(post: Post, heading: str) -> Post:
    """Return a message with a line above that says whose it is."""
    line = {"type": "context", "block_id": "whose", "elements": [plain(heading)]}
    return Post(f"{escape(heading)}:\n{post.text}", (line, *post.blocks))


def split(text: str) -> list[str]:
    """Split a growing text into parts of which all but the last never change again.

    A part ends at the last line end in its second half, else where it is full.
    """
    parts = []
    while len(escape(text)) > PART_CHARACTERS:
        full = _fitting(text)
        line_end = text.rfind("\n", full // 2, full)
        end = line_end + 1 if line_end >= 0 else full
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]


def _fitting(text: str) -> int:
    """Return how many characters fit one part after escaping."""
    length = 0
    for count, character in enumerate(text):
        length += len(escape(character))
        if length > PART_CHARACTERS:
            return count
    return len(text)


def _posts(text: str, last: dict[str, Any] | None) -> list[Post]:
    posts = [_post(part) for part in split(text)]
    if last is not None:
        posts[-1] = Post(posts[-1].text, (*posts[-1].blocks, last))
    return posts


def _post(text: str) -> Post:
    safe = escape(from_markdown(text))
    section = {"type": "mrkdwn", "text": safe, "verbatim": True}
    return Post(safe, ({"type": "section", "block_id": "answer", "text": section},))


def _footer(type: str, data: Mapping[str, Any], language: Language) -> list[str]:
    if not data.get("model"):
        return []
    words = [str(data["model"])]
    if data.get("adapter"):
        words.append(say("footer.adapter", language, name=data["adapter"]))
    words.append(say("footer.tokens", language, count=data["tokens"]))
    words.append(say("footer.seconds", language, seconds=f"{data['seconds']:.1f}"))
    if data.get("tokens_per_second"):
        speed = f"{data['tokens_per_second']:.1f}"
        words.append(say("footer.speed", language, speed=speed))
    if type == "cancelled":
        words.append(say("note.stopped", language))
    elif data["finish"] in ("length", "deadline"):
        words.append(say(f"note.{data['finish']}", language))
    if data.get("dropped_turns"):
        words.append(say("note.thread_cut", language, count=data["dropped_turns"]))
    if data.get("cut_characters"):
        words.append(say("note.input_cut", language, count=data["cut_characters"]))
    return words
