"""The best point of a training, kept and restored."""

from pathlib import Path

import torch

from trainer.corrections.best_point import PATIENCE, BestPoint


def test_the_weights_of_the_lowest_loss_come_back_also_from_a_file(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    best = BestPoint()
    losses = [3.0, 1.0, *(2.0 for _ in range(PATIENCE))]
    for step, loss in enumerate(losses, 1):
        model.weight.data.fill_(step)
        best.consider(model, step, loss)
        assert best.passed == (step == len(losses))
    best.save(tmp_path)

    read = BestPoint()
    read.load(tmp_path)
    read.restore(model)

    assert (read.step, read.loss, read.passed) == (2, 1.0, True)
    assert torch.equal(model.weight, torch.full((2, 2), 2.0))


def test_without_a_measurement_nothing_is_restored(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    before = model.weight.clone()
    BestPoint().save(tmp_path)
    best = BestPoint()
    best.load(tmp_path)
    best.restore(model)

    assert not best.passed
    assert torch.equal(model.weight, before)
