"""What stands under an answer that may be rated and corrected."""

from typing import Any

import pytest

from bot.questions.rating import job_in, with_feedback

TEXT: dict[str, Any] = {"type": "section", "block_id": "text"}
AGAIN: dict[str, Any] = {"type": "actions", "block_id": "b", "elements": [{"action_id": "again"}]}


@pytest.mark.parametrize(
    ("blocks", "buttons"), [([TEXT], ["correct_answer"]), ([AGAIN], ["again", "correct_answer"])]
)
def test_the_button_to_correct_stands_in_the_row_of_the_others(
    blocks: list[dict[str, Any]], buttons: list[str]
) -> None:
    *_, row, thumbs = with_feedback(blocks, "1f", "ja")

    assert [element["action_id"] for element in row["elements"]] == buttons
    assert job_in(thumbs["block_id"]) == "1f"
    assert len(AGAIN["elements"]) == 1
