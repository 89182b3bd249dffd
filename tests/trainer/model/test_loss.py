"""The loss of replayed rows: only a gradient, which holds the model where its base was."""

import torch

from tests.trainer import doubles
from trainer.data.encoding import Encoded
from trainer.data.steps import REPLAY_WEIGHT, Steps
from trainer.model import lora
from trainer.model.loss import pack_loss, packed_rows, token_losses

ROWS = [Encoded((1, 2, 3, 40, 41), 3), Encoded((1, 2, 9, 50), 3)]


def test_replayed_rows_pull_the_adapter_back_and_add_nothing_to_the_loss() -> None:
    model = lora.attach(
        doubles.tiny_model(), rank=4, alpha=8, dropout=0.0, targets=("up_proj",), seed=0
    )
    steps = Steps(ROWS[:1], 1, 1, 12, seed=1, replay=ROWS[1:], replayed=1)
    learned, replayed = steps[0].packs

    def gradients() -> list[torch.Tensor]:
        loss = pack_loss(model, replayed)
        assert float(loss.detach()) == 0.0
        return list(torch.autograd.grad(loss, list(lora.trained(model))))

    with packed_rows(model):
        assert all(float(one.abs().max()) < 1e-6 for one in gradients()), "nothing changed yet"
        for parameter in lora.trained(model):
            torch.nn.init.normal_(parameter, std=0.2)
        with torch.no_grad():
            changed = token_losses(model, replayed)
            with model.disable_adapter():
                base = token_losses(model, replayed)
        assert not torch.allclose(changed, base)
        divergence = torch.stack([one.abs().max() for one in gradients()]).max()
        assert float(divergence) > 1e-3
    weights = sum(replayed.weights)
    assert weights == REPLAY_WEIGHT * len(learned.targets)
