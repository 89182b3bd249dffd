"""Replaces how a Llama-like block computes its norms, gated activation and rotary embedding.

Each becomes one operation of `trainer.model.elementwise`, for the int8 path. The modules stay
transformers' own, with their names and weights: only the `forward` of the classes listed here is
replaced. This module does not know precision, packs or the training loop.
"""

from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import Tensor

from trainer.model import attention, autograd, elementwise

NORMS = ("LlamaRMSNorm", "MistralRMSNorm", "Qwen2RMSNorm", "Qwen3RMSNorm")
ATTENTIONS = ("LlamaAttention", "MistralAttention", "Qwen3Attention")


def fuse(model: torch.nn.Module) -> None:
    """Replace `forward` of the modules of `model` that are of a known class, in place."""
    for module in model.modules():
        forward = _replacement(module)
        if forward is not None:
            module.forward = MethodType(forward, module)


def _replacement(module: torch.nn.Module) -> Callable[..., Any] | None:
    """Return the `forward` that replaces the one of `module`, None for a class not known here."""
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
    """Return RMSNorm of `hidden_states` [..., width], shaped and typed alike."""
    flat = hidden_states.reshape(-1, hidden_states.shape[-1])
    result: Tensor = autograd.call(_Norm, flat, self.weight, self.variance_epsilon)
    return result.view(hidden_states.shape)


def _mlp(self: Any, x: Tensor) -> Tensor:
    """Return the block's MLP of `x` [1, tokens, width], shaped and typed alike."""
    result: Tensor = self.down_proj(autograd.call(_SwiGlu, self.gate_proj(x), self.up_proj(x)))
    return result


def _attention(
    self: Any,
    hidden_states: Tensor,
    position_embeddings: tuple[Tensor, Tensor],
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Return the attention layer's output for `hidden_states` [1, tokens, width], and None.

    `position_embeddings` are the cosines and sines, each [1, tokens, head width]. Without `lengths`
    the model is not given a pack but generates: then transformers' own method runs.
    """
    lengths = kwargs.get("lengths")
    if lengths is None:
        # Passed on by keyword, because the name of the cache differs between versions (5.24).
        plain: tuple[Tensor, Tensor | None] = type(self).forward(
            self, hidden_states=hidden_states, position_embeddings=position_embeddings, **kwargs
        )
        return plain
    tokens = hidden_states.shape[1]
    cosine, sine = (part[0] for part in position_embeddings)
    query, key, value = (  # each [tokens, heads or groups, head width]
        layer(hidden_states).view(tokens, -1, self.head_dim)
        for layer in (self.q_proj, self.k_proj, self.v_proj)
    )
    if hasattr(self, "q_norm"):  # Qwen3 normalises each head before its rotation
        query, key = self.q_norm(query), self.k_norm(key)
    query, key = (autograd.call(_Rotate, part, cosine, sine) for part in (query, key))
    # From here on [1, heads or groups, tokens, head width].
    query, key, value = (part.transpose(0, 1)[None] for part in (query, key, value))
    output, _ = attention.packed_attention(
        self, query, key, value, None, lengths=lengths, scaling=self.scaling
    )
    return self.o_proj(output.reshape(1, tokens, -1)), None


class _Norm(torch.autograd.Function):
    """RMSNorm of x [rows, width] with a frozen weight [width].

    Formulas of forward and backward: `elementwise.norm` and `elementwise.norm_backward`.
    """

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
    """silu(gate)·up of two tensors [..., width].

    Formulas of forward and backward: `elementwise.swiglu` and `elementwise.swiglu_backward`.
    """

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
    """The rotary embedding of x [tokens, heads, width]; backward rotates by the negative angle.

    Formula: `elementwise.rotate`. The angles do not learn.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        ctx.save_for_backward(cosine, sine)
        result: Tensor = elementwise.rotate(x, cosine, sine, 1.0)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        cosine, sine = ctx.saved_tensors
        return elementwise.rotate(gradients[0], cosine, sine, -1.0), None, None
