"""How often few rows are learned, and beside how many others."""

import pytest

from trainer.corrections.recipe import ORDINARY, recipe_for, replayed_rows


def test_fewer_rows_are_learned_more_often_and_other_data_as_ever() -> None:
    epochs = [recipe_for(rows).num_epochs for rows in (1, 5, 20, 60, 200, 5000)]

    assert epochs == sorted(epochs, reverse=True)
    assert epochs[-1] > 1
    assert recipe_for(0) is ORDINARY


@pytest.mark.parametrize(
    ("rows", "keep", "expected"),
    [(20, 0.0, 0), (20, 0.5, 20), (1, 0.5, 1), (10, 0.9, 90), (10, 0.2, 3)],
)
def test_a_share_of_all_rows_is_replayed(rows: int, keep: float, expected: int) -> None:
    assert replayed_rows(rows, keep) == expected
