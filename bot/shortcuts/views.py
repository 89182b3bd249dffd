"""The forms of the shortcuts: the one in which a question is written, and the one that answers.

The answer's form has the id of its job as `external_id`, by which it is found and changed; its
`private_metadata` says whether the complete answer is in it. What people and the model wrote is
escaped. Nothing is opened here (https://docs.slack.dev/reference/views).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.i18n.lookup import Language, say
from bot.shortcuts.wanted import SCOPES, Wanted
from bot.slack.blocks import Post, button, mrkdwn, plain_text, section
from bot.slack.outgoing_text import quoted_question, shortened
from bot.slack.views import modal, value_in
from tasks.asking.subjects import Subject

ANSWER_FORM = "shortcut_answer"
QUESTION_FORM = "shortcut_question"
CHOICE_ACTION = "shortcut_choice"
SHARE_ACTION = "share_answer"

MOST_CHARACTERS = 3000
"""The longest question: what Slack's field of a form holds."""

MOST_SHOWN_CHARACTERS = 1000
"""The most of a question that stands above its answer."""

Sharing = Literal["offered", "shared"]

_COMPLETE = "complete"


def question_form(id: str, subject: Subject, language: Language) -> dict[str, Any]:
    """Return the form in which somebody asks about a message, or the thread that it is in."""
    blocks = [_quote(subject), _question_field(language)]
    if subject.thread_ts:
        first = "thread" if subject.thread_ts == subject.ts else "message"
        scope = {**_select(SCOPES, first, language), "action_id": "scope"}
        label = plain_text(say("shortcut.scope", language))
        blocks.append({"type": "input", "block_id": "scope", "label": label, "element": scope})
    view = modal(
        QUESTION_FORM, "shortcut.title.ask", blocks, language, metadata=id, submit="shortcut.submit"
    )
    return {**view, "external_id": id}


def filled_in(view: Mapping[str, Any]) -> tuple[str, str]:
    """Return the question and the scope that a person has set; empty where there is none."""
    return value_in(view, "question").strip(), value_in(view, "scope")


def answer_form(
    id: str,
    wanted: Wanted,
    subject: Subject | None,
    body: Sequence[dict[str, Any]],
    language: Language,
    *,
    complete: bool = False,
) -> dict[str, Any]:
    """Return the form with `body` below what is asked; `complete` where nothing more comes."""
    blocks = [_quote(subject)] if subject and subject.text else []
    if wanted.question:
        shown = shortened(wanted.question, MOST_SHOWN_CHARACTERS)
        blocks.append(section(f"*{say('shortcut.question', language)}*\n{shown}"))
    blocks += _choices(wanted, subject, language)
    if not complete:
        note = plain_text(say("shortcut.only_you", language))
        body = [*body, {"type": "context", "elements": [note]}]
    return {
        "type": "modal",
        "callback_id": ANSWER_FORM,
        "external_id": id,
        "private_metadata": f"{id} {_COMPLETE}" if complete else id,
        "notify_on_close": True,
        "title": plain_text(say(f"shortcut.title.{wanted.how}", language)),
        "close": plain_text(say("shortcut.close", language)),
        "blocks": [*blocks, *body],
    }


def job_in(view: Mapping[str, Any]) -> str:
    """Return the job that a form is about."""
    return str(view.get("private_metadata") or "").partition(" ")[0]


def is_complete(view: Mapping[str, Any]) -> bool:
    """Tell whether the complete answer is in a form."""
    return str(view.get("private_metadata") or "").partition(" ")[2] == _COMPLETE


def waiting(text: str) -> list[dict[str, Any]]:
    """Return the body of a form that has no text of the answer yet."""
    return [{"type": "context", "elements": [plain_text(text)]}]


def body_of(posts: Sequence[Post]) -> list[dict[str, Any]]:
    """Return the body of a form that shows messages; their blocks' ids are each message's own."""
    return [
        {key: part for key, part in block.items() if key != "block_id"}
        for post in posts
        for block in post.blocks
    ]


def private(language: Language) -> dict[str, Any]:
    """Return the block that says who sees an answer that nobody has shared."""
    return {"type": "context", "elements": [plain_text(say("shortcut.done", language))]}


def sharing(id: str, state: Sharing, language: Language) -> dict[str, Any]:
    """Return the block that offers to share an answer, or says that it was shared."""
    if state == "shared":
        return {"type": "context", "elements": [plain_text(say("share.done", language))]}
    share = button(SHARE_ACTION, id, say("button.share", language), style="primary")
    return {"type": "actions", "elements": [share]}


def _quote(subject: Subject) -> dict[str, Any]:
    return {"type": "context", "elements": [mrkdwn(quoted_question(subject.text))]}


def _question_field(language: Language) -> dict[str, Any]:
    element = {
        "type": "plain_text_input",
        "action_id": "question",
        "multiline": True,
        "max_length": MOST_CHARACTERS,
        "focus_on_load": True,
    }
    label = plain_text(say("shortcut.question", language))
    return {"type": "input", "block_id": "question", "label": label, "element": element}


def _choices(wanted: Wanted, subject: Subject | None, language: Language) -> list[dict[str, Any]]:
    in_thread = bool(subject and subject.thread_ts)
    values, chosen = wanted.choices(in_thread=in_thread)
    if not values:
        return []
    select = {**_select(values, chosen, language), "action_id": CHOICE_ACTION}
    return [{"type": "actions", "block_id": "choice", "elements": [select]}]


def _select(values: Sequence[str], chosen: str, language: Language) -> dict[str, Any]:
    options = {
        value: {"text": plain_text(say(f"shortcut.choice.{value}", language)), "value": value}
        for value in values
    }
    return {
        "type": "static_select",
        "options": list(options.values()),
        "initial_option": options[chosen],
    }
