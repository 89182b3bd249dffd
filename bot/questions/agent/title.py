"""The title of a session: the first words of its question, as data."""

from bot.questions.parse import split_options
from bot.slack.incoming_text import without_markup, without_mention
from tasks.broker.job import Job

MOST_CHARACTERS = 60
"""Slack allows 200 (https://docs.slack.dev/reference/methods/agents.sessions.setStatus)."""

_NO_MARKUP = str.maketrans("<>", "‹›")
"""Slack's markup begins with `<`: without it nothing in a title can be a mention or a link."""


def title_of(job: Job, bot_user: str) -> str:
    """Return the title of the session that a question begins; empty where it has no words."""
    asked = split_options(without_mention(str(job.asked.get("text") or ""), bot_user))[0]
    words = "".join(c if c.isprintable() else " " for c in without_markup(asked))
    line = " ".join(words.translate(_NO_MARKUP).split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"
