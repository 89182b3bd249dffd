"""The form in which a row is written, and what comes back from it.

A field of Slack's holds 3,000 characters. A longer text is shown cut. If the person leaves that of
an answer as it was shown, the whole text is meant; of a message nothing more is kept, which the
form says. What comes back may be of any shape, and is checked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.i18n.lookup import Language, say
from bot.slack.blocks import plain_text
from bot.slack.views import modal, value_in
from tasks.feedback.row import clean

CORRECT_FORM = "correct_answer"
TEACH_FORM = "teach_answer"

MOST_CHARACTERS = 3000
"""The most that a field holds, counted as Slack does: a character beyond the BMP is two."""

FIELDS = ("instruction", "input", "output")


@dataclass(frozen=True)
class Texts:
    """A question with its material, and the answer."""

    instruction: str = ""
    input: str = ""
    output: str = ""


def form(callback: str, draft: str, texts: Texts, language: Language) -> dict[str, Any]:
    """Return the view, prefilled with `texts`; `draft` is the id of what it is about."""
    blocks = [
        _field(callback, "instruction", texts.instruction, language),
        _field(callback, "input", texts.input, language),
        _field(callback, "output", texts.output, language),
    ]
    return modal(callback, f"form.{callback}", blocks, language, metadata=draft)


def filled_in(view: Mapping[str, Any]) -> Texts:
    """Return what a person has written; a field that is missing, or is no text, is empty."""
    return Texts(**{name: clean(value_in(view, name)) for name in FIELDS})


def problems(texts: Texts, language: Language) -> dict[str, str]:
    """Return what is wrong with what was written, a sentence by field; empty where nothing is."""
    found = {}
    for name in FIELDS:
        text = getattr(texts, name)
        if not text and name != "input":
            found[name] = say("form.empty", language)
        elif _length(text) > MOST_CHARACTERS:
            found[name] = say("form.too_long", language, most=f"{MOST_CHARACTERS:,}")
    return found


def restored(texts: Texts, shown: Texts) -> Texts:
    """Return `texts` with the whole of what was shown cut and left as it was."""
    whole = {
        name: getattr(shown, name)
        for name in FIELDS
        if getattr(texts, name) == clean(_cut(getattr(shown, name)))
    }
    return replace(texts, **whole)


def _field(callback: str, name: str, text: str, language: Language) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": name,
        "multiline": True,
        "max_length": MOST_CHARACTERS,
    }
    if text:
        element["initial_value"] = _cut(text)
    field = {
        "type": "input",
        "block_id": name,
        "optional": name == "input",
        "label": plain_text(say(f"form.{name}", language)),
        "element": element,
    }
    if _cut(text) != text:
        hint = say(f"form.cut.{callback}", language, most=f"{MOST_CHARACTERS:,}")
        field["hint"] = plain_text(hint)
    return field


def _cut(text: str) -> str:
    """Return as much of `text` as a field holds."""
    return text.encode("utf-16-le", "replace")[: 2 * MOST_CHARACTERS].decode("utf-16-le", "ignore")


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2
