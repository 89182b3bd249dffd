"""PEFT's LoRA layers with the low-rank product as one operation in the model's own type.

PEFT computes that product in the adapter's fp32, which costs a bf16 base several passes over wide
fp32 copies. Parameters, names, saving and loading stay PEFT's. This module does not know data or
the training loop.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear
from torch import Tensor

from trainer.model import autograd, elementwise
from trainer.model.int8 import Int8Linear

ADAPTER = "default"


class LowRankLinear(Linear):  # type: ignore[misc]
    """PEFT's LoRA layer with a faster path for the one adapter that is being trained."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Return the base's output plus the adapter's, [..., out], for `x` [..., in], typed as `x`.

        Calls of any other kind than a training's, such as with the adapter disabled or merged, go
        to PEFT's own method.
        """
        if self.disable_adapters or self.merged or args or kwargs:
            result: Tensor = super().forward(x, *args, **kwargs)
            return result
        base = self.base_layer(x)
        dropout = self.lora_dropout[ADAPTER]
        rate = dropout.p if self.training and isinstance(dropout, torch.nn.Dropout) else 0.0
        result = autograd.call(
            _LowRank,
            x.reshape(-1, x.shape[-1]),
            base.view(-1, base.shape[-1]),
            self.lora_A[ADAPTER].weight,
            self.lora_B[ADAPTER].weight,
            self.scaling[ADAPTER],
            rate,
        )
        return result.view(base.shape)


class _LowRank(torch.autograd.Function):
    """y = base + s·drop(x)·Aᵀ·Bᵀ (LoRA, arXiv:2106.09685), with s = scaling / (1 - rate).

    x is [tokens, in] and base [tokens, out] of one float type; A is [rank, in] and B [out, rank]
    fp32, converted to that type. drop sets elements to zero with probability `rate`; the division
    keeps the expectation, as torch's dropout does.

    Backward, for the gradient g [tokens, out]: dbase = g, dx = drop(s·g·B·A),
    dA = (s·g·B)ᵀ·drop(x) and dB = s·gᵀ·(drop(x)·Aᵀ); drop zeroes the same elements as in forward.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, base: Tensor, a: Tensor, b: Tensor, scaling: float, rate: float
    ) -> Tensor:
        ctx.below = int(rate * 2**31)
        ctx.seed = torch.randint(2**31, ()) if ctx.below else torch.zeros((), dtype=torch.int64)
        ctx.factor = scaling / (1 - rate)
        down, up = a.to(x.dtype), b.to(x.dtype)
        inner = _dropped(x, ctx) @ down.t()  # [tokens, rank]
        ctx.save_for_backward(x, down, up, inner)
        return torch.addmm(base, inner, up.t(), alpha=ctx.factor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        x, down, up, inner = ctx.saved_tensors
        to_inner = (gradient @ up) * ctx.factor  # [tokens, rank]
        to_a = to_inner.t() @ _dropped(x, ctx)
        to_b = (inner.t() @ gradient).t() * ctx.factor
        to_x = _dropped(to_inner @ down, ctx) if ctx.needs_input_grad[0] else None
        return to_x, gradient, to_a.float(), to_b.float(), None, None


def _dropped(x: Tensor, ctx: Any) -> Tensor:
    """Return `x` [tokens, in] with dropout applied; forward and backward draw the same mask."""
    result: Tensor = elementwise.drop(x, ctx.seed, ctx.below) if ctx.below else x
    return result


def attach(
    model: torch.nn.Module,
    *,
    rank: int,
    alpha: float,
    dropout: float,
    targets: tuple[str, ...],
    seed: int,
) -> PeftModel:
    """Freeze `model` and return it with a new adapter on the layers named `targets`.

    A [rank, in] and B [out, rank] of each layer are fp32 whatever the model's type. Their first
    values depend on `seed` only; B starts at zero. The product is scaled by alpha / rank.
    """
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=list(targets),
        bias="none",
        task_type="CAUSAL_LM",
    )
    config._register_custom_module(dict.fromkeys((torch.nn.Linear, Int8Linear), LowRankLinear))
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # PEFT calls transformers by a deprecated name, and warns of Int8Linear as a layer class
        # that it does not know.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.filterwarnings("ignore", message="Unsupported layer type")
        adapted = get_peft_model(model, config, autocast_adapter_dtype=True)
    for parameter in trained(adapted):
        parameter.data = parameter.data.float()
    return adapted


def trained(model: torch.nn.Module) -> Iterator[torch.nn.Parameter]:
    """Yield the parameters that learn, in the model's order."""
    return (parameter for parameter in model.parameters() if parameter.requires_grad)
