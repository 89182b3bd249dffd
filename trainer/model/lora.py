"""The LoRA layers: PEFT's, with the low-rank path as one operation in the model's own type.

PEFT computes the path in the adapter's fp32, which costs a bf16 base several passes over wide fp32
copies. Parameters, names, saving and loading stay PEFT's. This module does not know precision,
data or the loop.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear
from torch import Tensor

from trainer.model import elementwise
from trainer.model.int8 import Int8Linear

ADAPTER = "default"


class LowRankLinear(Linear):  # type: ignore[misc]
    """PEFT's LoRA layer with a faster path for the one adapter that is being trained."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Return the base's output plus the adapter's, [..., out], for x of [..., in]."""
        if self.disable_adapters or self.merged or args or kwargs:
            result: Tensor = super().forward(x, *args, **kwargs)
            return result
        base = self.base_layer(x)
        dropout = self.lora_dropout[ADAPTER]
        rate = dropout.p if self.training and isinstance(dropout, torch.nn.Dropout) else 0.0
        result = _LowRank.apply(  # type: ignore[no-untyped-call]
            x.reshape(-1, x.shape[-1]),
            base.view(-1, base.shape[-1]),
            self.lora_A[ADAPTER].weight,
            self.lora_B[ADAPTER].weight,
            self.scaling[ADAPTER],
            rate,
        )
        return result.view(base.shape)


class _LowRank(torch.autograd.Function):
    """base + s·drop(x)·Aᵀ·Bᵀ; A is [rank, in], B [out, rank], both fp32, computed in x's type."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, base: Tensor, a: Tensor, b: Tensor, scaling: float, rate: float
    ) -> Tensor:
        ctx.below = int(rate * 2**31)
        ctx.seed = torch.randint(2**31, ()) if ctx.below else torch.zeros((), dtype=torch.int64)
        ctx.factor = scaling / (1 - rate)
        down, up = a.to(x.dtype), b.to(x.dtype)
        inner = _dropped(x, ctx) @ down.t()
        ctx.save_for_backward(x, down, up, inner)
        return torch.addmm(base, inner, up.t(), alpha=ctx.factor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        x, down, up, inner = ctx.saved_tensors
        to_inner = (gradient @ up) * ctx.factor
        to_a = to_inner.t() @ _dropped(x, ctx)
        to_b = (inner.t() @ gradient).t() * ctx.factor
        to_x = _dropped(to_inner @ down, ctx) if ctx.needs_input_grad[0] else None
        return to_x, gradient, to_a.float(), to_b.float(), None, None


def _dropped(x: Tensor, ctx: Any) -> Tensor:
    """Return `x` with the zeros of this pass: the same in forward and backward."""
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
    """Freeze `model` and return it with a new adapter, whose first weights depend on `seed` only.

    The adapter's parameters are fp32 whatever the model's type.
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
        # PEFT still asks transformers under a deprecated name, and does not know our int8 layer.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.filterwarnings("ignore", message="Unsupported layer type")
        adapted = get_peft_model(model, config, autocast_adapter_dtype=True)
    for parameter in trained(adapted):
        parameter.data = parameter.data.float()
    return adapted


def trained(model: torch.nn.Module) -> Iterator[torch.nn.Parameter]:
    """Yield the parameters that learn, in the model's order."""
    return (parameter for parameter in model.parameters() if parameter.requires_grad)
