"""The loss of a pack: the cross entropy of each label, and their weighted sum.

Replayed labels keep the base model's probabilities instead. The output layer is computed at the
positions that predict a label only. Works with any causal LM of transformers that accepts a
registered attention function. It does not know batches, steps or optimizers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from trainer.data.packing import Pack
from trainer.model import attention, output_layer


def token_losses(model: Any, pack: Pack) -> Tensor:
    """Return the cross entropy of each label of `pack` in nats, [labels] fp32, differentiable.

    `model` must attend by rows, as it does inside `packed_rows`.
    """
    hidden, layer = _hidden(model, pack)
    return output_layer.label_losses(layer, hidden, torch.tensor(pack.targets))


def token_scores(model: Any, pack: Pack) -> tuple[Tensor, Tensor]:
    """Return `token_losses`, and whether each label is the likeliest token there, [labels] bool."""
    hidden, layer = _hidden(model, pack)
    targets = torch.tensor(pack.targets)
    losses = output_layer.label_losses(layer, hidden, targets)
    return losses, output_layer.likeliest(layer, hidden) == targets


def _hidden(model: Any, pack: Pack) -> tuple[Tensor, Any]:
    """Return the hidden states that predict the labels, [labels, width], and the output layer."""
    causal = getattr(model, "get_base_model", lambda: model)()
    hidden = causal.model(
        input_ids=torch.tensor(pack.ids)[None],
        position_ids=torch.tensor(pack.positions)[None],
        use_cache=False,
        lengths=pack.lengths,
    ).last_hidden_state[0]  # [tokens, width]
    return hidden.index_select(0, torch.tensor(pack.sources)), causal.lm_head


def pack_loss(model: Any, pack: Pack) -> Tensor:
    """Return the weighted sum of the label losses of `pack` in nats, a scalar fp32 tensor.

    Replayed labels add nothing to it but their gradient, see `output_layer.kept_losses`: the loss
    tells how well rows are learned. `model` must carry an adapter then.
    """
    if not pack.replayed:
        return (token_losses(model, pack) * torch.tensor(pack.weights)).sum()
    with torch.no_grad(), model.disable_adapter():
        base, layer = _hidden(model, pack)
    hidden, _ = _hidden(model, pack)
    losses = output_layer.kept_losses(layer, hidden, base, torch.tensor(pack.targets))
    total = (losses * torch.tensor(pack.weights)).sum()
    return total - total.detach()


@contextmanager
def packed_rows(model: Any) -> Iterator[None]:
    """Make `model` attend by rows inside the block; its own attention is restored afterwards."""
    causal = getattr(model, "get_base_model", lambda: model)()
    attention.register()
    before = causal.config._attn_implementation
    causal.set_attn_implementation(attention.NAME)
    try:
        yield
    finally:
        causal.set_attn_implementation(before)
