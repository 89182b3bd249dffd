"""How a row looks in Slack, and the buttons of who may decide about it or take it back.

What people wrote is escaped and `verbatim`. Nothing is posted here.
"""

from typing import Any

from bot.i18n.lookup import Language, say
from bot.slack.blocks import Post, button, mrkdwn, plain_text, section
from bot.slack.outgoing_text import escape, person, shortened
from tasks.feedback.row import FeedbackRow

APPROVE_ACTION = "feedback_approve"
EXAM_ACTION = "feedback_approve_exam"
REFUSE_ACTION = "feedback_refuse"
APPROVE_ALL_ACTION = "feedback_approve_all"
REMOVE_ACTION = "feedback_remove"

CARD_CHARACTERS = 1200
"""The most of each text in a review message: four fit a section each, with room for more."""
LINE_CHARACTERS = 300
"""The most of each text in the Home tab, which shows many rows."""


def review_post(row: FeedbackRow, language: Language, *, note: str = "") -> Post:
    """Return the message in which an admin decides about `row`; with `note` it is decided."""
    title = say(f"review.{row.kind}", language, author=person(row.author))
    blocks = [section(title), *(section(text) for text in _texts(row, language, CARD_CHARACTERS))]
    last = section(note) if note else actions(row, language)
    return Post(f"{title}\n{note}" if note else title, (*blocks, last))


def home_row(row: FeedbackRow, language: Language) -> dict[str, Any]:
    """Return a row as one block of the Home tab."""
    title = say(f"review.{row.kind}", language, author=person(row.author))
    state = say(f"feedback.state.{row.use or row.state}", language)
    lines = [f"{title} · {state}", *_texts(row, language, LINE_CHARACTERS)]
    return section("\n".join(lines))


def actions(row: FeedbackRow, language: Language) -> dict[str, Any]:
    """Return an admin's buttons for a proposed row, which decide about what it says now."""
    buttons = [button(EXAM_ACTION, row.seen, say("button.approve_exam", language))]
    if row.kind != "liked":  # liked answers are for the exam in any case
        approve = button(APPROVE_ACTION, row.seen, say("button.approve", language), style="primary")
        buttons.insert(0, approve)
    buttons.append(button(REFUSE_ACTION, row.seen, say("button.refuse", language), style="danger"))
    return {"type": "actions", "block_id": f"decide-{row.id}", "elements": buttons}


def own_actions(row: FeedbackRow, language: Language) -> dict[str, Any]:
    """Return the author's button for a row."""
    remove = button(REMOVE_ACTION, row.id, say("button.remove", language), style="danger")
    return {"type": "actions", "block_id": f"own-{row.id}", "elements": [remove]}


def approve_all(rows: list[FeedbackRow], language: Language) -> dict[str, Any]:
    """Return the button that approves the rows that are shown, and none that come later."""
    label = say("button.approve_all", language, count=len(rows))
    ids = " ".join(row.seen for row in rows)
    all_ = button(APPROVE_ALL_ACTION, ids, label, style="primary")
    return {"type": "actions", "block_id": "decide-all", "elements": [all_]}


def heading(text: str) -> dict[str, Any]:
    """Return a block that begins a part of the Home tab."""
    return {"type": "header", "text": plain_text(text)}


def note_line(text: str) -> dict[str, Any]:
    """Return a block of small text."""
    return {"type": "context", "elements": [mrkdwn(text)]}


def _texts(row: FeedbackRow, language: Language, most: int) -> list[str]:
    """Return what the row says, each text under its name."""
    names = ("instruction", "input", "output", "rejected")
    return [
        say(f"review.text.{name}", language, text=_cut(getattr(row, name), most, language))
        for name in names
        if getattr(row, name)
    ]


def _cut(text: str, most: int, language: Language) -> str:
    """Return a text, escaped; of a long one the beginning, and how long it is."""
    shown = shortened(text, most)
    if shown == escape(text):
        return shown
    return shown + say("review.cut", language, characters=f"{len(text):,}")
