"""Questions and answers as they are shown beside each other: safe, and short enough."""

from bot.i18n.lookup import Language, say
from bot.slack.outgoing_text import from_markdown, shortened

_ANSWER_CHARACTERS = 600
"""The most of an answer: four questions with two answers fit a message."""
_QUESTION_CHARACTERS = 300


def shown_answer(answer: str, language: Language) -> str:
    """Return an answer as Slack text, never empty."""
    text = shortened(from_markdown(answer.strip()), _ANSWER_CHARACTERS)
    return text or say("sides.nothing", language)


def quoted_question(instruction: str, input: str = "") -> str:
    """Return a question as a quotation."""
    safe = shortened("\n".join(filter(None, [instruction, input])), _QUESTION_CHARACTERS)
    return "\n".join(f"> {line}" for line in safe.split("\n"))
