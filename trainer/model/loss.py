"""The loss of a pack: the sum over its labels, with the output layer computed only where one is.

Works with any causal LM of transformers that takes the registered attention; it does not know
batches, steps or optimizers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from trainer.data.packing import Pack
from trainer.model import attention

LABELS_AT_ONCE = 128
"""Logits at once: 128 rows of a 43,176-word vocabulary take 22 MB in fp32, about a cache."""


def token_losses(model: Any, pack: Pack) -> Tensor:
    """Return the loss of each label of `pack` in nats, [labels] fp32, with its gradient."""
    causal = getattr(model, "get_base_model", lambda: model)()
    hidden = causal.model(
        input_ids=torch.tensor(pack.ids)[None],
        position_ids=torch.tensor(pack.positions)[None],
        use_cache=False,
        lengths=pack.lengths,
    ).last_hidden_state[0]
    hidden = hidden.index_select(0, torch.tensor(pack.sources))
    targets = torch.tensor(pack.targets)
    weight = causal.lm_head.weight
    if weight.requires_grad:  # never in a training; a test may want it
        return cross_entropy((hidden @ weight.t()).float(), targets, reduction="none")
    result: Tensor = _HeadLoss.apply(  # type: ignore[no-untyped-call]
        hidden, weight, targets
    )
    return result


class _HeadLoss(torch.autograd.Function):
    """The frozen output layer with its cross entropy, a few labels at a time.

    The gradient to `hidden` [labels, width] is worked out on the way forward, where the logits are
    still at hand, so that those of a whole pack never stand in memory at once.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        losses, gradients = [], []
        parts = zip(
            torch.split(hidden, LABELS_AT_ONCE), torch.split(targets, LABELS_AT_ONCE), strict=True
        )
        for part, labels in parts:
            chances = torch.log_softmax((part @ weight.t()).float(), 1)
            losses.append(-chances.gather(1, labels[:, None])[:, 0])
            if wanted:
                chances.exp_()
                chances.scatter_add_(1, labels[:, None], chances.new_full((len(labels), 1), -1.0))
                gradients.append(chances.to(weight.dtype) @ weight)
        if wanted:
            ctx.save_for_backward(torch.cat(gradients))
        return torch.cat(losses)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (to_hidden,) = ctx.saved_tensors
        return (to_hidden * gradients[0][:, None]).to(to_hidden.dtype), None, None


def pack_loss(model: Any, pack: Pack) -> Tensor:
    """Return the weighted sum of the label losses of `pack` in nats, a scalar."""
    return (token_losses(model, pack) * torch.tensor(pack.weights)).sum()


@contextmanager
def packed_rows(model: Any) -> Iterator[None]:
    """Let `model` attend by rows inside the block, and as before after it."""
    causal = getattr(model, "get_base_model", lambda: model)()
    attention.register()
    before = causal.config._attn_implementation
    causal.set_attn_implementation(attention.NAME)
    try:
        yield
    finally:
        causal.set_attn_implementation(before)
