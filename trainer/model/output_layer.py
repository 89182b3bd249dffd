"""The frozen output layer: the cross entropy of labels, with its products in floats or in int8.

The logits of a whole pack are never in memory at once, and are not computed twice: the gradient is
computed in the forward pass already, part by part. This module does not know packs or models, nor
which of the two kinds is the faster one here.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from trainer.model import autograd, elementwise
from trainer.model.int8 import quantise_weight

LABELS_AT_ONCE = 128
"""Labels whose float logits are in memory at once: for Swallow's vocabulary of 43,176 tokens 128
labels take 22 MB in fp32, about what the CPU's cache holds."""
LOGITS_AT_ONCE = 16_000_000
"""The most int8 products in memory at once, 64 MB in int32. The GEMM rearranges the whole weight at
each call, which costs less the more labels there are in a call."""
ROWS_AT_ONCE = 8192
"""Tokens of the vocabulary whose weights are converted at once; a large one's would take 2.5 GB."""


class Int8OutputLayer(torch.nn.Module):
    """A frozen output layer without bias, in int8; for gradients use `label_losses`.

    From `weight` W [vocabulary, width] of any float type it keeps `columns` [width] fp32, the
    standard deviations of W's columns, and Z = (W - mean row) / columns as `weight` [vocabulary,
    width] int8 with `scale` [vocabulary] fp32. Softmax and its gradient do not depend on the mean
    row, which is large and would take most of int8's steps. Dividing W's columns and multiplying
    those of its input keeps the few large columns of the hidden states from taking all steps of
    theirs, as in arXiv:2211.10438, but without calibration.
    """

    weight: Tensor
    scale: Tensor
    columns: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        mean, deviation = _column_statistics(weight)
        quantised = torch.empty(weight.shape, dtype=torch.int8)
        scale = torch.empty(self.out_features)
        parts = (torch.split(one, ROWS_AT_ONCE) for one in (weight.detach(), quantised, scale))
        for part, to_weight, to_scale in zip(*parts, strict=True):
            integers, scales = quantise_weight((part.float() - mean) / deviation)
            to_weight.copy_(integers)
            to_scale.copy_(scales)
        self.register_buffer("weight", quantised, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("columns", deviation, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of `x` [..., width] less those of the mean row, typed as `x`.

        They are [..., vocabulary]; order and softmax are those of the logits.
        """
        flat = x.reshape(-1, x.shape[-1])
        rows, scales = elementwise.quantise_scaled(flat, self.columns)
        product = torch._int_mm(rows, self.weight.t())
        result: Tensor = elementwise.dequantise(product, scales, self.scale, flat)
        return result.view(*x.shape[:-1], -1)


def label_losses(layer: Any, hidden: Tensor, targets: Tensor) -> Tensor:
    """Return -log softmax(logits)[target] of each label in nats, [labels] fp32, differentiable.

    `hidden` is [labels, width] of a float type, `targets` [labels] int64, and `layer` an
    Int8OutputLayer or a Linear without bias.
    """
    if isinstance(layer, Int8OutputLayer):
        result: Tensor = autograd.call(
            _Int8Losses, hidden, layer.weight, layer.scale, layer.columns, targets
        )
    elif layer.weight.requires_grad:  # in tests only: a training freezes the output layer
        logits = (hidden @ layer.weight.t()).float()
        result = cross_entropy(logits, targets, reduction="none")
    else:
        result = autograd.call(_FloatLosses, hidden, layer.weight, targets)
    return result


def kept_losses(layer: Any, hidden: Tensor, base: Tensor, targets: Tensor) -> Tensor:
    """Return how much less likely each label is than it was, in nats, [labels] fp32.

    `hidden` and `base` are [labels, width]: the hidden states now, and as they were, which get no
    gradient. That for `hidden` is the gradient of the divergence KL(p₀ ‖ p) of all probabilities p
    from those as they were, p₀: (p - p₀)·W, the difference of both cross entropies' gradients,
    whatever the label is. Of labels drawn from p₀ the mean loss is that divergence.
    """
    base = base.detach().requires_grad_()
    with torch.random.fork_rng(devices=[]):  # so that both round alike, and equal states give 0
        before = label_losses(layer, base, targets)
    (to_base,) = torch.autograd.grad(before.sum(), base)
    losses = label_losses(layer, hidden, targets)
    gradient_only = (hidden * to_base).float().sum(-1)
    return losses - before.detach() - (gradient_only - gradient_only.detach())


def likeliest(layer: Any, hidden: Tensor) -> Tensor:
    """Return the token of the largest logit at each position, [labels] int64; not differentiable.

    `hidden` is [labels, width], and `layer` as for `label_losses`.
    """
    parts = [layer(part).argmax(-1) for part in torch.split(hidden, LABELS_AT_ONCE)]
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)


class _Losses(torch.autograd.Function):
    """A cross entropy whose gradient for hidden states, its first input, its forward pass saved."""

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (to_hidden,) = ctx.saved_tensors
        gradient = (to_hidden * gradients[0][:, None]).to(to_hidden.dtype)
        return gradient, *[None] * (len(ctx.needs_input_grad) - 1)


class _FloatLosses(_Losses):
    """The cross entropy of a float weight, computed for LABELS_AT_ONCE labels at a time.

    Forward: loss = -log softmax(h·Wᵀ)[target], for `hidden` h [labels, width] and `weight` W
    [vocabulary, width] of one float type and `targets` [labels] int64; returns [labels] fp32.
    Backward: dh = g·(softmax(h·Wᵀ) - onehot(target))·W for the gradient g [labels] fp32.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        losses, gradients = [], []
        for part, labels in _parts(hidden, targets, LABELS_AT_ONCE):
            log_probabilities = torch.log_softmax((part @ weight.t()).float(), 1)
            losses.append(-log_probabilities.gather(1, labels[:, None])[:, 0])
            if ctx.needs_input_grad[0]:
                to_logits = log_probabilities.exp_()  # in place, to save a copy
                minus_one = to_logits.new_full((len(labels), 1), -1.0)
                to_logits.scatter_add_(1, labels[:, None], minus_one)
                gradients.append(to_logits.to(weight.dtype) @ weight)
        if gradients:
            ctx.save_for_backward(torch.cat(gradients))
        return torch.cat(losses)


class _Int8Losses(_Losses):
    """The cross entropy of an Int8OutputLayer, for LOGITS_AT_ONCE logits at a time.

    Forward: loss = -log softmax((Q(h·c)·Z8ᵀ)·s_h·s_z)[target], where Q(h·c) [labels, width] int8
    with scales s_h [labels, 1] is `hidden` h times `columns` c, quantised, and Z8 `weight` with
    `scale` s_z.
    Backward: dh = g·(Q(p·s_z)·Z8·s_p - (1 - p_t)·z_t)·c for the gradient g [labels] fp32, where p
    are the other tokens' probabilities and p_t and z_t those and the row of Z of the target. The
    target's share is exact, and Q rounds p at random: most of p is less than half a step, and
    rounded to the nearest a tenth of the probability would vanish (arXiv:1502.02551).
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, scale: Tensor, columns: Tensor, targets: Tensor
    ) -> Tensor:
        losses, gradients = [], []
        at_once = max(1, LOGITS_AT_ONCE // len(weight))
        # The sum of two uniform numbers modulo 1 is uniform, and independent within a row.
        by_token = torch.rand(len(weight)) if ctx.needs_input_grad[0] else None
        for part, labels in _parts(hidden, targets, at_once):
            rows, scales = elementwise.quantise_scaled(part, columns)
            product = torch._int_mm(rows, weight.t())
            loss, log_sums = elementwise.label_losses(product, scales, scale, labels)
            losses.append(loss)
            if by_token is None:
                continue
            by_label = torch.rand(len(labels), 1)
            rows, scales = elementwise.other_probabilities(
                product, scales, scale, log_sums, labels, by_label, by_token
            )
            product = torch._int_mm(rows, weight)
            target = weight.index_select(0, labels)
            factors = (torch.expm1(-loss) * scale.index_select(0, labels))[:, None]
            gradients.append(
                elementwise.hidden_gradient(product, scales, target, factors, columns, part)
            )
        if gradients:
            ctx.save_for_backward(torch.cat(gradients))
        return torch.cat(losses)


def _parts(hidden: Tensor, targets: Tensor, at_once: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield hidden states and targets of `at_once` labels at a time."""
    return zip(torch.split(hidden, at_once), torch.split(targets, at_once), strict=True)


def _column_statistics(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each column of `weight` [rows, width], [width] fp32."""
    total = torch.zeros(weight.shape[1], dtype=torch.float64)
    squares = torch.zeros_like(total)
    for part in torch.split(weight.detach(), ROWS_AT_ONCE):
        exact = part.float()
        total += exact.sum(0)
        squares += exact.square().sum(0)
    mean = total / len(weight)
    variance = squares / len(weight) - mean.square()
    return mean.float(), variance.clamp_min(1e-20).sqrt().float()
