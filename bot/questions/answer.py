"""How an answer looks in Slack: split into messages, with its footer and its button.

The model's text is escaped and `verbatim`, and `lifeless` where it streams: nothing in it notifies
anybody or becomes a link. Pure functions: nothing is posted here.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.i18n.lookup import LANGUAGES, Language, failure, say
from bot.questions import tables
from bot.relay.growing_text import GrowingText
from bot.slack.blocks import MAX_SECTION, PART_CHARACTERS, Post, button, mrkdwn, plain_text
from bot.slack.outgoing_text import escape, from_markdown, lifeless

STOP_ACTION = "stop_answer"


def running(text: str, job: str, language: Language) -> list[Post]:
    """Return the messages of an answer that is not complete; the last grows, and has the stop
    button."""
    *full, last = _posts(text, _stop(job, language))
    return [*full, replace(last, growing=lifeless(split(text)[-1]))]


def unwritten(growing: GrowingText, job: str, language: Language) -> list[Post]:
    """Return the message of an answer that has no text yet, with the stop button: its conversation
    is summarised in parts, or the model thinks about it."""
    number, count = growing.part
    if growing.thinking_since or not number:
        seconds = max(0, int(time.time() - growing.thinking_since))
        said = say("thinking", language, seconds=seconds)
    else:
        said = say("part", language, number=number, count=count)
    line = {"type": "context", "block_id": "thinking", "elements": [plain_text(said)]}
    return [Post(said, (line, _stop(job, language)))]


def starting_over(job: str, language: Language) -> list[Post]:
    """Return the message of an answer whose question was edited, with the stop button."""
    said = say("starting_over", language)
    line = {"type": "context", "block_id": "thinking", "elements": [plain_text(said)]}
    return [Post(said, (line, _stop(job, language)))]


def ended(
    text: str, type: str, data: Mapping[str, Any], language: Language, *, tables: bool = True
) -> list[Post]:
    """Return the messages of a job whose final event is `type` with `data`.

    Without `tables` none is Slack's own, which only messages have.
    """
    if type == "failed":
        values = {key: value for key, value in data.items() if key != "reason"}
        return _posts(failure(data.get("reason", "internal"), language, **values), None)
    if not text:
        return _posts(say(_why_empty(type, data), language), None)
    footer = " · ".join(_footer(type, data, language))
    if not footer:
        return _posts(text, None, complete=tables)
    about = {"type": "context", "block_id": "about", "elements": [plain_text(footer)]}
    return _posts(text, about, complete=tables)


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


def _posts(text: str, last: dict[str, Any] | None, *, complete: bool = False) -> list[Post]:
    posts = [_complete(part) if complete else _post(part) for part in split(text)]
    if last is not None:
        posts[-1] = Post(posts[-1].text, (*posts[-1].blocks, last))
    return posts


def _post(text: str) -> Post:
    safe = _safe(text)
    return Post(safe, (_section("answer", safe),))


def _safe(text: str) -> str:
    """Return a model's text as Slack's, its tables in columns where there is room for these."""
    aligned = escape(from_markdown(tables.with_code(text)))
    return aligned if len(aligned) <= MAX_SECTION else escape(from_markdown(text))


def _section(block_id: str, safe: str) -> dict[str, Any]:
    return {"type": "section", "block_id": block_id, "text": mrkdwn(safe)}


def _complete(text: str) -> Post:
    """Return a message that will not change: its first table is Slack's own.

    Its text has the same in columns, for where Slack refuses the block.
    """
    plain = _post(text)
    found = list(tables.parts(text))
    fitting = (n for n, part in enumerate(found) if isinstance(part, tables.Table))
    first = next(fitting, None)
    table = None if first is None else found[first]
    if not isinstance(table, tables.Table) or not table.fits_block:
        return plain
    blocks = [table.block()]
    before, after = _joined(found[:first]), _joined(found[(first or 0) + 1 :])
    if before:
        blocks.insert(0, _section("answer", _safe(before)))
    if after:
        blocks.append(_section("answer-after", _safe(after)))
    too_long = any(len(block["text"]["text"]) > MAX_SECTION for block in blocks if "text" in block)
    return plain if too_long else Post(plain.text, tuple(blocks))


def _joined(found: Sequence[str | tables.Table]) -> str:
    texts = (part if isinstance(part, str) else part.as_code() for part in found)
    return "\n".join(texts).strip("\n")


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
    if data.get("parts"):
        words.append(say("note.parts", language, count=data["parts"]))
    if data.get("cut_characters"):
        words.append(say("note.input_cut", language, count=data["cut_characters"]))
    return words
