"""Steps learn every row once per epoch, in an order that the seed decides."""

from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.doubles import random_rows
from trainer.data.steps import Steps


@given(st.integers(1, 70), st.integers(1, 20), st.integers(1, 3))
def test_every_epoch_learns_every_row_once(rows: int, batch: int, epochs: int) -> None:
    encoded = random_rows(rows)
    steps = Steps(encoded, epochs, batch, 200, seed=1)

    assert len(steps) == epochs * -(-rows // batch)
    for epoch in range(epochs):
        order = steps._order(epoch)
        assert sorted(order) == list(range(rows))


def test_steps_depend_on_the_seed_only() -> None:
    rows = random_rows(30)

    one, same, other = (Steps(rows, 2, 7, 200, seed=seed) for seed in (1, 1, 2))

    assert [step.packs for step in map(one.__getitem__, range(len(one)))] == [
        step.packs for step in map(same.__getitem__, range(len(same)))
    ]
    assert one[0].packs != other[0].packs
