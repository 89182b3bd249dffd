"""How an answer looks in Slack: split into messages, with its footer and its button.

The model's text is escaped and `verbatim`: nothing in it notifies anybody or becomes a link. Pure
functions: nothing is posted here.
"""

from collections.abc import Mapping
from typing import Any

from bot.i18n.lookup import LANGUAGES, Language, failure, say
from bot.slack.blocks import PART_CHARACTERS, Post, button, mrkdwn, plain_text
from bot.slack.outgoing_text import escape, from_markdown

STOP_ACTION = "stop_answer"


def running(text: str, job: str, language: Language) -> list[Post]:
    """Return the messages of an answer that is not complete; the last has the stop button."""
    return _posts(text, _stop(job, language))


def thinking(seconds: int, job: str, language: Language) -> list[Post]:
    """Return the message of an answer that the model still thinks about, with the stop button."""
    said = say("thinking", language, seconds=seconds)
    line = {"type": "context", "block_id": "thinking", "elements": [plain_text(said)]}
    return [Post(said, (line, _stop(job, language)))]


def starting_over(job: str, language: Language) -> list[Post]:
    """Return the message of an answer whose question was edited, with the stop button."""
    said = say("starting_over", language)
    line = {"type": "context", "block_id": "thinking", "elements": [plain_text(said)]}
    return [Post(said, (line, _stop(job, language)))]


def ended(text: str, type: str, data: Mapping[str, Any], language: Language) -> list[Post]:
    """Return the messages of a job whose final event is `type` with `data`."""
    if type == "failed":
        values = {key: value for key, value in data.items() if key != "reason"}
        return _posts(failure(data.get("reason", "internal"), language, **values), None)
    if not text:
        return _posts(say(_why_empty(type, data), language), None)
    footer = " · ".join(_footer(type, data, language))
    if not footer:
        return _posts(text, None)
    return _posts(text, {"type": "context", "block_id": "about", "elements": [plain_text(footer)]})


def is_notice(text: str) -> bool:
    """Tell whether a message's text is a sentence of the bot's that stands for an answer without
    words."""
    return any(
        text == _post(say(key, language)).text
        for key in ("cancelled", "empty", "thought_only")
        for language in LANGUAGES
    )


def headed(post: Post, heading: str) -> Post:
    """Return a message under a line that says who answers, as in a comparison."""
    line = {"type": "context", "block_id": "whose", "elements": [plain_text(heading)]}
    return Post(f"{escape(heading)}:\n{post.text}", (line, *post.blocks))


def split(text: str) -> list[str]:
    """Split a growing text into parts of which all but the last never change again.

    A part ends at the last line end in its second half, else where it is full.
    """
    parts = []
    while len(escape(text)) > PART_CHARACTERS:
        full = _fitting_characters(text)
        line_end = text.rfind("\n", full // 2, full)
        end = line_end + 1 if line_end >= 0 else full
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]


def _fitting_characters(text: str) -> int:
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
    return Post(safe, ({"type": "section", "block_id": "answer", "text": mrkdwn(safe)},))


def _stop(job: str, language: Language) -> dict[str, Any]:
    stop = button(STOP_ACTION, job, say("button.stop", language))
    return {"type": "actions", "block_id": "stop", "elements": [stop]}


def _why_empty(type: str, data: Mapping[str, Any]) -> str:
    if type == "cancelled":
        return "cancelled"
    limited = data.get("finish") in ("length", "deadline")
    return "thought_only" if limited and data.get("thought_tokens") else "empty"


def _footer(type: str, data: Mapping[str, Any], language: Language) -> list[str]:
    if not data.get("model"):
        return []
    words = [str(data["model"])]
    if data.get("adapter"):
        words.append(say("footer.adapter", language, name=data["adapter"]))
    words.append(say("footer.tokens", language, count=data["tokens"]))
    if data.get("thought_tokens"):
        key = "footer.thought_cut" if data.get("thought_cut") else "footer.thought"
        words.append(say(key, language, count=data["thought_tokens"]))
    words.append(say("footer.seconds", language, seconds=f"{data['seconds']:.1f}"))
    if data.get("tokens_per_second"):
        speed = f"{data['tokens_per_second']:.1f}"
        words.append(say("footer.speed", language, speed=speed))
    if data.get("follows"):
        words.append(say(f"note.{data['follows']}", language))
    if type == "cancelled":
        words.append(say("note.stopped", language))
    elif data["finish"] in ("length", "deadline"):
        words.append(say(f"note.{data['finish']}", language))
    if data.get("dropped_turns"):
        words.append(say("note.thread_cut", language, count=data["dropped_turns"]))
    if data.get("cut_characters"):
        words.append(say("note.input_cut", language, count=data["cut_characters"]))
    return words
