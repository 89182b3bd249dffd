"""How often few rows are learned, and beside how many others."""

import pytest

from trainer.corrections.recipe import ORDINARY, recipe_for, replayed_rows


def test_fewer_rows_are_learned_more_often_and_other_data_as_ever() -> None:
    epochs = [recipe_for(rows, 576).num_epochs for rows in (1, 5, 20, 60, 200, 5000)]

    assert epochs == sorted(epochs, reverse=True)
    assert epochs[-1] > 1
    assert recipe_for(0, 576) is ORDINARY


@pytest.mark.parametrize(("rows", "batch"), [(1, 1), (16, 16), (17, 9), (20, 10), (33, 11)])
def test_steps_have_nearly_as_many_rows(rows: int, batch: int) -> None:
    assert recipe_for(rows, 576).batch_size == batch


def test_a_wider_model_learns_at_a_lower_rate() -> None:
    assert recipe_for(9, 576).learning_rate == pytest.approx(1e-3)
    assert recipe_for(9, 4096).learning_rate == pytest.approx(2.2e-4, rel=0.02)


@pytest.mark.parametrize(
    ("rows", "keep", "expected"),
    [(20, 0.0, 0), (20, 0.5, 20), (1, 0.5, 1), (10, 0.9, 90), (10, 0.2, 3), (10, 1 / 3, 5)],
)
def test_a_share_of_all_rows_is_replayed(rows: int, keep: float, expected: int) -> None:
    assert replayed_rows(rows, keep) == expected
