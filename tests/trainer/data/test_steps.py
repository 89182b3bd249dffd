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


def test_replayed_rows_take_turns_and_two_of_three_epochs_are_in_other_words() -> None:
    rows, words, replay = random_rows(4, seed=1), random_rows(8, seed=2), random_rows(5, seed=3)
    wordings = [words[:2], words[2:4], [], words[4:]]
    steps = Steps(rows, 4, 7, 200, seed=1, wordings=wordings, replay=replay, replayed=3)

    assert len(steps) == 4
    for epoch in range(4):
        taken = [steps._row(index, epoch) for index in range(7)]
        assert taken[4:] == [replay[(3 * epoch + place) % 5] for place in range(3)]
        if epoch % 3 == 0:
            assert taken[:4] == rows
        else:
            assert taken[2] == rows[2]
            assert all(taken[place] in wordings[place] for place in (0, 1, 3))
    assert [steps._row(0, epoch) for epoch in (1, 2)] == [words[0], words[1]]
