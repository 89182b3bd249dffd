"""Steps learn every row once per epoch, in an order that the seed decides."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.doubles import random_rows
from trainer.data.steps import REPLAY_WEIGHT, Steps


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


def test_every_second_epoch_is_in_other_words() -> None:
    rows, words = random_rows(4, seed=1), random_rows(8, seed=2)
    wordings = [words[:2], words[2:4], [], words[4:]]
    steps = Steps(rows, 4, 4, 200, seed=1, wordings=wordings)

    for epoch in range(4):
        taken = [steps._row(index, epoch) for index in range(4)]
        if epoch % 2 == 0:
            assert taken == rows
        else:
            assert taken[2] == rows[2]
            assert all(taken[place] in wordings[place] for place in (0, 1, 3))
    assert [steps._row(0, epoch) for epoch in (1, 3)] == [words[0], words[1]]


@given(st.integers(1, 20), st.integers(1, 9), st.integers(1, 9), st.integers(1, 7))
def test_replayed_rows_take_turns_in_packs_of_their_own(
    rows: int, batch: int, replayed: int, replay: int
) -> None:
    """Each replayed row is a pack of its own here, so that one sees which it is."""
    pool = random_rows(replay, seed=3)
    learned = Steps(random_rows(rows, seed=1), 3, batch, 200, seed=1, share=False)
    steps = replace(learned, replay=pool, replayed=replayed)

    seen = []
    for step, plain in ((steps[index], learned[index]) for index in range(len(learned))):
        count = len(plain.packs)
        assert step.packs[:count] == plain.packs
        assert step.labels == plain.labels
        assert not any(one.replayed for one in step.packs[:count])
        others = step.packs[count:]
        assert all(one.replayed for one in others)
        if others:
            weights = sum(sum(one.weights) for one in others)
            assert weights == pytest.approx(REPLAY_WEIGHT * step.labels)
        seen.append(sorted(one.ids for one in others))
    flat = [ids for one in seen for ids in one]
    assert len(flat) == 3 * steps.replayed_per_epoch == 3 * -(-rows * replayed // batch)
    counts = Counter(map(tuple, flat))
    assert max(counts.values()) - min(counts.get(one.ids, 0) for one in pool) <= 1
