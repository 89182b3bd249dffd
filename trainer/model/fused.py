"""A Llama block's norms, gate and rotation as single passes, for the int8 path.

The modules stay transformers' own, with their names and weights; only how they compute is replaced,
and only where the module is one of the known kind. Everything else is left as it is. This module
does not know precision, packs or the loop.
"""

from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import Tensor

from trainer.model import attention, elementwise

NORMS = ("LlamaRMSNorm", "MistralRMSNorm", "Qwen2RMSNorm", "Qwen3RMSNorm")
ATTENTIONS = ("LlamaAttention", "MistralAttention")


def fuse(model: torch.nn.Module) -> None:
    """Replace the computations of `model` that are known here, in place."""
    for module in model.modules():
        forward = _replacement(module)
        if forward is not None:
            module.forward = MethodType(forward, module)


def _replacement(module: torch.nn.Module) -> Callable[..., Any] | None:
    kind = type(module).__name__
    if kind in NORMS:
        return _norm
    if kind in ATTENTIONS:
        return _attention
    if hasattr(module, "gate_proj") and isinstance(
        getattr(module, "act_fn", None), torch.nn.SiLU | _silu_kind()
    ):
        return _mlp
    return None


def _silu_kind() -> type:
    from transformers.activations import ACT2FN

    return type(ACT2FN["silu"])


def _norm(self: Any, hidden_states: Tensor) -> Tensor:
    flat = hidden_states.reshape(-1, hidden_states.shape[-1])
    result: Tensor = _apply(_Norm, flat, self.weight, self.variance_epsilon)
    return result.view(hidden_states.shape)


def _mlp(self: Any, x: Tensor) -> Tensor:
    result: Tensor = self.down_proj(_apply(_SwiGlu, self.gate_proj(x), self.up_proj(x)))
    return result


def _attention(
    self: Any,
    hidden_states: Tensor,
    position_embeddings: tuple[Tensor, Tensor],
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    lengths = kwargs.get("lengths")
    if lengths is None:  # asking, not training
        # What else there is goes on under the name it came by: the cache's has changed (5.24).
        plain: tuple[Tensor, Tensor | None] = type(self).forward(
            self, hidden_states=hidden_states, position_embeddings=position_embeddings, **kwargs
        )
        return plain
    tokens = hidden_states.shape[1]
    cosine, sine = (part[0] for part in position_embeddings)
    query, key, value = (
        layer(hidden_states).view(tokens, -1, self.head_dim)
        for layer in (self.q_proj, self.k_proj, self.v_proj)
    )
    query, key = (_apply(_Rotate, part, cosine, sine) for part in (query, key))
    query, key, value = (part.transpose(0, 1)[None] for part in (query, key, value))
    output, _ = attention.packed_attention(
        self, query, key, value, None, lengths=lengths, scaling=self.scaling
    )
    return self.o_proj(output.reshape(1, tokens, -1)), None


def _apply(function: Any, *arguments: Any) -> Any:
    return function.apply(*arguments)


class _Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.epsilon = epsilon
        result: Tensor = elementwise.norm(x, weight, epsilon)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        return elementwise.norm_backward(gradients[0], x, weight, ctx.epsilon), None, None


class _SwiGlu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        result: Tensor = elementwise.swiglu(gate, up)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        gate, up = ctx.saved_tensors
        to_gate, to_up = elementwise.swiglu_backward(gradients[0], gate, up)
        return to_gate, to_up


class _Rotate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        ctx.save_for_backward(cosine, sine)
        result: Tensor = elementwise.rotate(x, cosine, sine, 1.0)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        cosine, sine = ctx.saved_tensors
        return elementwise.rotate(gradients[0], cosine, sine, -1.0), None, None
