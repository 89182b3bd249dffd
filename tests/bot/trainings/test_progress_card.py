"""The message of a training that runs."""

import pytest

from bot.trainings.progress_card import Progress, progress_card


def test_a_training_that_waits_for_memory_says_how_much_it_needs() -> None:
    snapshot = {
        "phase": "memory",
        "memory": {"needed": 14_200_000_000, "free": 3_000_000_000},
        "step": 7,
        "steps": 10,
    }
    progress = Progress("job", "output", "UADMIN", snapshot=snapshot)

    card = progress_card(progress, "en")

    assert "waiting for memory: about 14.2 GB are needed and 3.0 GB are free" in card.text
    assert "70%" in card.text


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        ({"phase": "evaluating", "step": 10, "seconds_left": None}, "comparing with the base"),
        ({"phase": "answering", "answered": {"done": 16, "questions": 48}}, "16 of 48"),
    ],
)
def test_what_takes_time_beside_the_steps_has_a_sentence(
    snapshot: dict[str, object], expected: str
) -> None:
    card = progress_card(Progress("job", "o", "UADMIN", snapshot={"steps": 10, **snapshot}), "en")

    assert expected in card.text
    assert "left" not in card.text
