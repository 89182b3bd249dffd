"""The loss of a pack: the cross entropy of each label, and their weighted sum.

The output layer is computed at the positions that predict a label only. Works with any causal LM of
transformers that accepts a registered attention function. It does not know batches, steps or
optimizers.
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
"""Labels whose logits are in memory at once: for Swallow's vocabulary of 43,176 tokens 128 labels
take 22 MB in fp32, about what the CPU's cache holds."""


def token_losses(model: Any, pack: Pack) -> Tensor:
    """Return the cross entropy of each label of `pack` in nats, [labels] fp32, differentiable.

    `model` must attend by rows, as it does inside `packed_rows`.
    """
    causal = getattr(model, "get_base_model", lambda: model)()
    hidden = causal.model(
        input_ids=torch.tensor(pack.ids)[None],
        position_ids=torch.tensor(pack.positions)[None],
        use_cache=False,
        lengths=pack.lengths,
    ).last_hidden_state[0]  # [tokens, width]
    hidden = hidden.index_select(0, torch.tensor(pack.sources))
    targets = torch.tensor(pack.targets)
    weight = causal.lm_head.weight
    if weight.requires_grad:  # in tests only: a training freezes the output layer
        return cross_entropy((hidden @ weight.t()).float(), targets, reduction="none")
    result: Tensor = _HeadLoss.apply(  # type: ignore[no-untyped-call]
        hidden, weight, targets
    )
    return result


class _HeadLoss(torch.autograd.Function):
    """The cross entropy of a frozen output layer, computed for LABELS_AT_ONCE labels at a time.

    Forward: loss = -log softmax(h·Wᵀ)[target], for `hidden` h [labels, width] and `weight` W
    [vocabulary, width] of one float type and `targets` [labels] int64; returns [labels] fp32.
    Backward: dh = g·(softmax(h·Wᵀ) - onehot(target))·W for the gradient g [labels] fp32.

    The product with W is computed in the forward pass already, while a part's logits are in memory:
    the logits of a whole pack are never in memory at once, and are not computed twice.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        needs_gradient = ctx.needs_input_grad[0]
        losses, gradients = [], []
        parts = zip(
            torch.split(hidden, LABELS_AT_ONCE), torch.split(targets, LABELS_AT_ONCE), strict=True
        )
        for part, labels in parts:
            log_probabilities = torch.log_softmax((part @ weight.t()).float(), 1)
            losses.append(-log_probabilities.gather(1, labels[:, None])[:, 0])
            if needs_gradient:
                to_logits = log_probabilities.exp_()  # in place, to save a copy
                minus_one = to_logits.new_full((len(labels), 1), -1.0)
                to_logits.scatter_add_(1, labels[:, None], minus_one)
                gradients.append(to_logits.to(weight.dtype) @ weight)
        if needs_gradient:
            ctx.save_for_backward(torch.cat(gradients))
        return torch.cat(losses)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (to_hidden,) = ctx.saved_tensors
        return (to_hidden * gradients[0][:, None]).to(to_hidden.dtype), None, None


def pack_loss(model: Any, pack: Pack) -> Tensor:
    """Return the weighted sum of the label losses of `pack` in nats, a scalar fp32 tensor."""
    return (token_losses(model, pack) * torch.tensor(pack.weights)).sum()


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
