"""The Home tab's rows of feedback: a person's own, and those that wait for a decision."""

from typing import Any

from bot.feedback.cards import actions, approve_all, heading, home_row, note_line, own_actions
from bot.i18n.lookup import Language, say
from bot.slack.blocks import section
from tasks.feedback.row import FeedbackRow

MOST_ROWS = 15
"""Rows in each of the two parts, of two blocks each: Slack allows a hundred blocks."""


def proposed(rows: list[FeedbackRow], language: Language) -> list[dict[str, Any]]:
    """Return the rows that wait, with the buttons that decide about them."""
    blocks = [heading(say("home.proposed", language, count=len(rows)))]
    shown = rows[:MOST_ROWS]
    if not shown:
        return [*blocks, section(say("home.none_proposed", language))]
    if len(shown) > 1:  # one has its own buttons
        blocks.append(approve_all(shown, language))
    for row in shown:
        blocks += [home_row(row, language), actions(row, language)]
    return blocks + _more(len(rows) - len(shown), language)


def own(rows: list[FeedbackRow], language: Language) -> list[dict[str, Any]]:
    """Return a person's own rows, with the buttons that take them back."""
    blocks = [heading(say("home.own", language, count=len(rows)))]
    shown = rows[:MOST_ROWS]
    if not shown:
        return [*blocks, section(say("home.none_own", language))]
    for row in shown:
        blocks += [home_row(row, language), own_actions(row, language)]
    return blocks + _more(len(rows) - len(shown), language)


def _more(count: int, language: Language) -> list[dict[str, Any]]:
    return [note_line(say("home.more", language, count=count))] if count else []
