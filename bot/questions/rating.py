"""What stands under a finished answer: two thumbs, and the button to correct it.

The thumbs say only which of them was pressed: whose answer it is stands in their block's id.
"""

from typing import Any

from bot.i18n.lookup import Language, say
from bot.slack.blocks import button, plain_text

RATE_ACTION = "answer_feedback"
CORRECT_ACTION = "correct_answer"
GOOD, BAD = "good", "bad"

_BLOCK = "feedback-"


def feedback_blocks(job: str, language: Language) -> list[dict[str, Any]]:
    """Return the blocks for the answer of `job`."""
    thumbs = {
        "type": "feedback_buttons",
        "action_id": RATE_ACTION,
        "positive_button": _thumb("good", GOOD, language),
        "negative_button": _thumb("bad", BAD, language),
    }
    correct = button(CORRECT_ACTION, job, say("button.correct", language))
    return [
        {"type": "context_actions", "block_id": f"{_BLOCK}{job}", "elements": [thumbs]},
        {"type": "actions", "block_id": f"correct-{job}", "elements": [correct]},
    ]


def job_in(block_id: str) -> str:
    """Return the job whose answer a pressed thumb is under; empty where there is none."""
    return block_id.removeprefix(_BLOCK) if block_id.startswith(_BLOCK) else ""


def _thumb(which: str, value: str, language: Language) -> dict[str, Any]:
    return {
        "text": plain_text(say(f"button.{which}", language)),
        "value": value,
        "accessibility_label": say(f"button.{which}_label", language),
    }
