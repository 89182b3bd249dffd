"""Frozen linear layers in int8: both GEMMs of a layer that does not learn, forward and backward.

The weight is int8 with one scale per output channel, activations and gradients int8 with one scale
per row (arXiv:2208.07339, without its outlier split). The base is frozen, so a backward has one
product only, the gradient to the input. This module does not know LoRA, packs or models.
"""

from typing import Any

import torch
from torch import Tensor

from trainer.model import elementwise


class LastInput:
    """Quantises an input once for the layers that read the same one, as q, k and v do."""

    def __init__(self) -> None:
        self._input: Tensor | None = None
        self._version = -1
        self._value: tuple[Tensor, Tensor] | None = None

    def of(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return `x` [..., width] as (int8 rows, scales), from before if it is the same tensor."""
        version = -1 if x.is_inference() else x._version
        if self._value is None or self._input is not x or self._version != version:
            self._value = elementwise.quantise(x.detach().reshape(-1, x.shape[-1]))
            self._input, self._version = x, version
        return self._value

    def clear(self) -> None:
        """Let go of the last input."""
        self._input = self._value = None


class Int8Linear(torch.nn.Module):
    """A frozen linear layer without bias; the layers of a model share `inputs`.

    `weight` is [out, in] int8 and `scale` [out] fp32. Inputs and outputs are of any float type.
    """

    weight: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, inputs: LastInput) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        quantised, scale = quantise_weight(weight)
        self.register_buffer("weight", quantised, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self._inputs = inputs

    def forward(self, x: Tensor) -> Tensor:
        """Return x·Wᵀ, [..., out], for x of [..., in]."""
        flat = x.reshape(-1, x.shape[-1])
        rows, scales = self._inputs.of(x)
        result: Tensor = _Product.apply(  # type: ignore[no-untyped-call]
            flat, self.weight, self.scale, rows, scales
        )
        return result.view(*x.shape[:-1], -1)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, scale: Tensor, rows: Tensor, scales: Tensor
    ) -> Tensor:
        ctx.weight, ctx.scale = weight, scale
        return elementwise.dequantise(torch._int_mm(rows, weight.t()), scales, scale, x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        if not ctx.needs_input_grad[0]:
            return None, None, None, None, None
        (gradient,) = gradients
        rows, scales = elementwise.quantise_scaled(gradient, ctx.scale)
        product = torch._int_mm(rows, ctx.weight)
        return elementwise.dequantise_rows(product, scales, gradient), None, None, None, None


def quantise_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return `weight` [out, in] as int8 with one scale per output channel, [out] fp32."""
    exact = weight.detach().float()
    scale = exact.abs().amax(1).clamp_min(1e-12) / elementwise.INT8_MAX
    return torch.round(exact / scale[:, None]).to(torch.int8), scale
