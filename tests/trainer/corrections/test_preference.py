"""Pairs as weights: the gradient is that of DPO's loss beside the plain one."""

import torch

from tests.trainer import doubles
from trainer.corrections.preference import BETA, weighted
from trainer.data.encoding import Encoded
from trainer.data.packing import pack
from trainer.data.steps import Step, Steps
from trainer.model import lora
from trainer.model.loss import pack_loss, packed_rows, token_losses

ROWS = [
    Encoded((1, 2, 3, 40, 41), 3),
    Encoded((1, 2, 9, 50), 3),
    Encoded((4, 5, 6, 60, 61, 62), 3),
]
WRONG = {ROWS[0]: Encoded((1, 2, 3, 70, 71, 72), 3), ROWS[2]: Encoded((4, 5, 6, 80), 3)}


def gradients(model: torch.nn.Module, loss: torch.Tensor) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, list(lora.trained(model))))


def test_the_weights_give_the_gradient_of_the_loss_of_pairs() -> None:
    model = lora.attach(
        doubles.tiny_model(), rank=4, alpha=8, dropout=0.0, targets=("q_proj", "up_proj"), seed=0
    )
    for parameter in lora.trained(model):
        torch.nn.init.normal_(parameter, std=0.2)
    step = Steps(ROWS, 1, 3, 12, seed=1, rejected=WRONG)[0]
    assert len(step.packs) > 1, "a pair need not lie in one pack"
    assert len(step.pairs) == 2

    found = weighted(model, step)
    with packed_rows(model):
        given = gradients(model, sum_of(model, found) / found.labels)
        expected = gradients(model, direct(model, step))

    for one, other in zip(given, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def sum_of(model: torch.nn.Module, step: Step) -> torch.Tensor:
    return torch.stack([pack_loss(model, one) for one in step.packs]).sum()


def direct(model: torch.nn.Module, step: Step) -> torch.Tensor:
    """The loss as its formula has it, each row by itself."""
    batch = [*(right for right in WRONG), ROWS[1]]
    plain = torch.stack([loss_of(model, row) for row in batch]).sum() / step.labels
    losses = []
    for right, wrong in WRONG.items():
        gained = []
        for row in (right, wrong):
            with torch.no_grad(), model.disable_adapter():  # type: ignore[operator]
                base = loss_of(model, row)
            gained.append(base - loss_of(model, row))
        losses.append(-torch.nn.functional.logsigmoid(BETA * (gained[0] - gained[1])))
    return plain + torch.stack(losses).mean()


def loss_of(model: torch.nn.Module, row: Encoded) -> torch.Tensor:
    (alone,) = pack([row], limit=100)
    return token_losses(model, alone).sum()
