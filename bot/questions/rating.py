"""What stands under a finished answer: the button to correct it, and two thumbs.

The thumbs say only which of them was pressed: whose answer it is stands in their block's id.
"""

from collections.abc import Sequence
from typing import Any

from bot.i18n.lookup import Language, say
from bot.slack.blocks import button, plain_text

RATE_ACTION = "answer_feedback"
CORRECT_ACTION = "correct_answer"
GOOD, BAD = "good", "bad"

_BLOCK = "feedback-"


def with_feedback(
    blocks: Sequence[dict[str, Any]], job: str, language: Language
) -> tuple[dict[str, Any], ...]:
    """Return the blocks of the answer of `job` with what it is rated and corrected with.

    The button stands in the row of those that are there already.
    """
    thumbs = {
        "type": "feedback_buttons",
        "action_id": RATE_ACTION,
        "positive_button": _thumb("good", GOOD, language),
        "negative_button": _thumb("bad", BAD, language),
    }
    correct = button(CORRECT_ACTION, job, say("button.correct", language))
    below = {"type": "context_actions", "block_id": f"{_BLOCK}{job}", "elements": [thumbs]}
    if blocks and blocks[-1]["type"] == "actions":
        row = {**blocks[-1], "elements": [*blocks[-1]["elements"], correct]}
        return (*blocks[:-1], row, below)
    return (
        *blocks,
        {"type": "actions", "block_id": f"correct-{job}", "elements": [correct]},
        below,
    )


def job_in(block_id: str) -> str:
    """Return the job whose answer a pressed thumb is under; empty where there is none."""
    return block_id.removeprefix(_BLOCK) if block_id.startswith(_BLOCK) else ""


def _thumb(which: str, value: str, language: Language) -> dict[str, Any]:
    return {
        "text": plain_text(say(f"button.{which}", language)),
        "value": value,
        "accessibility_label": say(f"button.{which}_label", language),
    }
