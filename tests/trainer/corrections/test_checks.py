"""What a training is measured by on its way."""

import pytest

from trainer.corrections.checks import LEARNED, Checks
from trainer.data.encoding import Encoded

TAUGHT, GENERAL = Encoded((1, 2, 3, 4), 2), Encoded((1, 2, 3, 4, 5, 6), 2)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [([2.0, 4.0], 1.0 + 1.0), ([0.1, 4.0], LEARNED + 1.0), ([0.0, 2.0], LEARNED + 0.5)],
)
def test_an_answer_that_is_learned_counts_no_further(losses: list[float], expected: float) -> None:
    assert Checks([TAUGHT], [GENERAL]).loss(losses) == pytest.approx(expected)


def test_without_replay_the_taught_answers_count_alone() -> None:
    assert Checks([TAUGHT]).loss([0.1]) == pytest.approx(0.05)
