"""Frozen linear layers in int8: both GEMMs of a layer that does not learn, forward and backward.

The weight is int8 with one scale per output channel, activations and gradients int8 with one scale
per row (arXiv:2208.07339, without its outlier split: LoRA's own path stays in the model's type).
The base is frozen, so a backward has one product only, the gradient to the input. This module does
not know LoRA, packs or models.
"""

from typing import Any

import torch
from torch import Tensor

MAXIMUM = 127.0


class Int8Linear(torch.nn.Module):
    """A frozen linear layer without bias; the layers of a block share `quantised`, their inputs.

    `weight` is [out, in] int8 and `scale` [out] fp32. Inputs and outputs are of any float type.
    """

    weight: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, quantised: "LastInput") -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        quantised_weight, scale = quantise_weight(weight)
        self.register_buffer("weight", quantised_weight, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self._quantised = quantised

    def forward(self, x: Tensor) -> Tensor:
        """Return x·Wᵀ, [..., out], for x of [..., in]."""
        flat = x.reshape(-1, x.shape[-1])
        result: Tensor = _Product.apply(flat, self.weight, self.scale, self._quantised.of(x, flat))
        return result.view(*x.shape[:-1], -1)


class LastInput:
    """Quantises an input once for the layers that read the same one, as q, k and v do."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._input: Tensor | None = None
        self._value: tuple[Tensor, Tensor] | None = None

    def of(self, x: Tensor, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Return `flat` as (int8 rows, scales), from before if `x` is the very same tensor."""
        if self._input is not x or self._key != (x._version,) or self._value is None:
            self._input, self._key = x, (x._version,)
            self._value = quantise_rows(flat.detach())
        return self._value

    def clear(self) -> None:
        """Let go of the last input."""
        self._input = self._value = None


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, scale: Tensor, quantised: tuple[Tensor, Tensor]
    ) -> Tensor:
        ctx.weight, ctx.scale = weight, scale
        rows, scales = quantised
        return dequantise(torch._int_mm(rows, weight.t()), scales, scale, x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        (gradient,) = gradients
        rows, scales = quantise_rows(gradient, ctx.scale)
        product = torch._int_mm(rows, ctx.weight)
        return dequantise(product, scales, None, gradient.dtype), None, None, None


def quantise_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return `weight` [out, in] as int8 with one scale per output channel, [out] fp32."""
    exact = weight.detach().float()
    scale = exact.abs().amax(1).clamp_min(1e-12) / MAXIMUM
    return torch.round(exact / scale[:, None]).to(torch.int8), scale


def quantise_rows(x: Tensor, scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return `x` [rows, width], times `scale` [width] if given, as int8 and scales [rows, 1]."""
    exact = x.float() if scale is None else x.float() * scale
    scales = exact.abs().amax(1, keepdim=True).clamp_min(1e-20) / MAXIMUM
    return torch.round(exact / scales).to(torch.int8), scales


def dequantise(product: Tensor, rows: Tensor, columns: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Return int32 `product` times `rows` [rows, 1] and `columns` [columns] as `dtype`."""
    exact = product.float() * rows
    return (exact if columns is None else exact * columns).to(dtype)
