"""Frozen linear layers computed in int8, in the forward and the backward pass.

The weight is int8 with one scale per output channel, activations and gradients are int8 with one
scale per row (arXiv:2208.07339, without its separate treatment of outliers). The weight does not
learn, so the backward pass has one GEMM only: the gradient with respect to the input. This module
does not know LoRA, packs or models.
"""

from typing import Any

import torch
from torch import Tensor

from trainer.model import autograd, elementwise


class LastInput:
    """A cache of one quantised input, for layers that read the same tensor, as q, k and v do."""

    def __init__(self) -> None:
        self._input: Tensor | None = None
        self._version = -1
        self._value: tuple[Tensor, Tensor] | None = None

    def of(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return `x` [..., width] quantised: [rows, width] int8 and [rows, 1] fp32 scales.

        The result is reused while `x` is the same tensor and was not changed in place.
        """
        version = -1 if x.is_inference() else x._version
        if self._value is None or self._input is not x or self._version != version:
            self._value = elementwise.quantise(x.detach().reshape(-1, x.shape[-1]))
            self._input, self._version = x, version
        return self._value


class Int8Linear(torch.nn.Module):
    """A frozen linear layer without bias.

    It is built from `weight` [out, in] of any float type, and keeps `weight` [out, in] int8 and
    `scale` [out] fp32. All layers of a model share `inputs`. Inputs and outputs are of the same
    float type, whichever that is.
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
        """Return x·Wᵀ, [..., out] of the type of `x`, for `x` [..., in]."""
        flat = x.reshape(-1, x.shape[-1])
        rows, scales = self._inputs.of(x)
        result: Tensor = autograd.call(_Product, flat, self.weight, self.scale, rows, scales)
        return result.view(*x.shape[:-1], -1)


class _Product(torch.autograd.Function):
    """y = x·Wᵀ with int8 factors and int32 sums, scaled back to floats.

    Forward: y = (Q(x)·W8ᵀ)·s_x·s_w, where Q(x) [rows, in] int8 with scales s_x [rows, 1] is x
    quantised and W8 [out, in] int8 with scales s_w [out] the weight.
    Backward: dx = (Q(g·s_w)·W8)·s_g for the gradient g [rows, out]. The weight's scales run along
    the dimension that is summed over, so they are multiplied into g before it is quantised.
    """

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
    """Return `weight` [out, in] of any float type as int8, with one scale per output channel.

    Returns [out, in] int8 and [out] fp32; the scale is max|weight| / 127 of the channel.
    """
    exact = weight.detach().float()
    scale = exact.abs().amax(1).clamp_min(1e-12) / elementwise.INT8_MAX
    return torch.round(exact / scale[:, None]).to(torch.int8), scale
