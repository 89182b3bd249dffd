"""Packed rows compute what the rows alone compute."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.doubles import KINDS, random_rows, tiny_model
from trainer.data.encoding import Encoded
from trainer.data.packing import label_count, pack, shares
from trainer.model.loss import pack_loss, packed_rows

Rows = list[Encoded]


def packed_gradients(
    rows: Rows, train_on_inputs: bool, kind: str
) -> tuple[float, dict[str, torch.Tensor]]:
    model = tiny_model(kind=kind).requires_grad_(True).double()
    total = 0.0
    with packed_rows(model):
        for one in pack(rows, limit=120, train_on_inputs=train_on_inputs):
            loss = pack_loss(model, one)
            torch.autograd.backward(loss)
            total += float(loss.detach())
    return total, {name: one.grad for name, one in model.named_parameters() if one.grad is not None}


def single_gradients(
    rows: Rows, train_on_inputs: bool, kind: str
) -> tuple[float, dict[str, torch.Tensor]]:
    """Compute the same by transformers' own loss, row by row."""
    model = tiny_model(kind=kind).requires_grad_(True).double()
    total = 0.0
    for row in rows:
        ids = torch.tensor(row.ids)[None]
        labels = ids.clone()
        if not train_on_inputs:
            labels[0, : row.prompt] = -100
        count = int((labels[0, 1:] != -100).sum())
        loss = model(input_ids=ids, labels=labels).loss * count
        loss.backward()
        total += float(loss.detach())
    return total, {name: one.grad for name, one in model.named_parameters() if one.grad is not None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("train_on_inputs", [False, True])
def test_packed_rows_have_the_loss_and_gradients_of_single_rows(
    train_on_inputs: bool, kind: str
) -> None:
    rows = random_rows(23)

    packed, packed_by_name = packed_gradients(rows, train_on_inputs, kind)
    single, single_by_name = single_gradients(rows, train_on_inputs, kind)

    assert packed == pytest.approx(single, rel=1e-6)
    assert packed_by_name.keys() == single_by_name.keys()
    for name, gradient in single_by_name.items():
        torch.testing.assert_close(packed_by_name[name], gradient, rtol=1e-4, atol=1e-5)


def test_unpacked_training_is_every_row_alone() -> None:
    rows = random_rows(7)

    packs = pack(rows, limit=1000, share=False)

    assert sorted(tuple(one.ids) for one in packs) == sorted(row.ids for row in rows)


@given(st.integers(1, 40), st.integers(0, 10_000), st.booleans())
def test_every_label_is_in_exactly_one_pack_behind_its_predecessor(
    count: int, seed: int, train_on_inputs: bool
) -> None:
    rows = random_rows(count, seed)
    found = []
    for one in pack(rows, limit=100, train_on_inputs=train_on_inputs):
        assert len(one) <= 100
        assert sum(one.lengths) == len(one)
        for source, target, owner in zip(one.sources, one.targets, one.owners, strict=True):
            if owner >= 0:
                place = one.positions[source] + 1
                assert rows[owner].ids[place] == target
                assert rows[owner].ids[place - 1] == one.ids[source]
                found.append((owner, place))
        expected = label_count(rows, train_on_inputs=train_on_inputs)
    total = sum(sum(one.weights) for one in pack(rows, limit=100, train_on_inputs=train_on_inputs))
    assert total == expected
    assert len(found) == len(set(found))


def test_packing_saves_the_repeated_preamble() -> None:
    preamble = tuple(range(40))
    rows = [Encoded((*preamble, 100 + number, 7), 41, 40) for number in range(10)]

    (only,) = pack(rows, limit=1024)

    assert len(only) == 40 + 10 * 2


def test_packs_are_dealt_evenly_and_each_to_one_process() -> None:
    packs = pack(random_rows(60), limit=100)

    dealt = shares(packs, 3)

    assert sorted(index for one in dealt for index in one) == list(range(len(packs)))
    loads = [sum(len(packs[index]) for index in one) for one in dealt]
    assert max(loads) - min(loads) <= 100


def test_a_process_without_a_pack_gets_an_empty_share() -> None:
    assert shares(pack(random_rows(1), limit=100), 3) == [[0], [], []]
