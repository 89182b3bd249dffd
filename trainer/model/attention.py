"""Attention over a pack, computed as one small block per row instead of with one dense mask.

Registered with transformers under the name `packed_rows`; models pass the pack's `lengths` on to it
through their keyword arguments. A row attends to the preamble and to itself only: for rows of 130
tokens in packs of 1,024 that is a sixth of the dense work. Sliding windows are ignored, because
rows are far shorter than any model's window.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from trainer.cpu import cpu_has_bf16
from trainer.model import autograd

NAME = "packed_rows"


def packed_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    lengths: tuple[int, ...],
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Return softmax(scaling·Q·Kᵀ)·V of a pack, causal within each row and over the preamble.

    `query` is [1, heads, tokens, width], `key` and `value` [1, groups, tokens, width], all of one
    float type; `lengths` are the token counts of the preamble (0 where there is none) and of each
    row, and sum to `tokens`. `scaling` None means 1 / sqrt(width), as in arXiv:1706.03762; each
    group of keys serves heads / groups heads (arXiv:2305.13245). `attention_mask` is not used.
    On a CPU without instructions for bf16, inputs of that type are computed in fp32.

    Returns the outputs, [1, tokens, heads, width], and None in place of the attention weights.
    """
    if query.dtype is torch.bfloat16 and not _bf16_is_fast():
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        result: Tensor = autograd.call(_InFloat32, query[0], key[0], value[0], lengths, scale)
        return result.transpose(0, 1)[None], None
    grouped = query.shape[1] != key.shape[1]
    queries, keys, values = (torch.split(part, list(lengths), 2) for part in (query, key, value))
    shared = lengths[0]
    outputs = []
    if shared:
        outputs.append(
            scaled_dot_product_attention(
                queries[0],
                keys[0],
                values[0],
                is_causal=True,
                scale=scaling,
                enable_gqa=grouped,
            )
        )
    for row in range(1, len(lengths)):
        visible_keys, visible_values = keys[row], values[row]
        if shared:  # both become [1, groups, shared + own, width]
            visible_keys = torch.cat((keys[0], visible_keys), 2)
            visible_values = torch.cat((values[0], visible_values), 2)
        outputs.append(
            scaled_dot_product_attention(
                queries[row],
                visible_keys,
                visible_values,
                attn_mask=_row_mask(shared, lengths[row], query.dtype) if shared else None,
                is_causal=not shared,
                scale=scaling,
                enable_gqa=grouped,
            )
        )
    return torch.cat([output.transpose(1, 2) for output in outputs], 1), None


@lru_cache(maxsize=1)
def _bf16_is_fast() -> bool:
    return cpu_has_bf16()


class _InFloat32(torch.autograd.Function):
    """The same of a query [heads, tokens, width], key and value [groups, tokens, width] in bf16,
    with all products in fp32.

    A row's weights are computed again for the backward pass: kept, they would take as much memory
    as many layers' inputs. The heads of a group are computed as further queries of one matrix.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, lengths: tuple[int, ...], scale: float
    ) -> Tensor:
        ctx.save_for_backward(query, key, value)
        ctx.lengths, ctx.scale = lengths, scale
        output = torch.empty_like(query)
        for own, shared in _places(lengths):
            weights = _weights(query[:, own], _visible(key, own, shared), scale)
            output[:, own] = _heads(weights @ _visible(value, own, shared), len(query))
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value = ctx.saved_tensors
        to_query = torch.empty_like(query)
        # The preamble's keys and values get a part of their gradient from every row.
        to_key, to_value = (torch.zeros_like(part, dtype=torch.float32) for part in (key, value))
        for own, shared in _places(ctx.lengths):
            keys, values = (_visible(part, own, shared) for part in (key, value))
            weights = _weights(query[:, own], keys, ctx.scale)
            to_output = _grouped(gradients[0][:, own], len(key))
            _add(to_value, weights.transpose(1, 2) @ to_output, own, shared)
            to_scores = torch._softmax_backward_data(
                to_output @ values.transpose(1, 2), weights, -1, torch.float32
            ).mul_(ctx.scale)
            to_query[:, own] = _heads(to_scores @ keys, len(query))
            _add(to_key, to_scores.transpose(1, 2) @ _grouped(query[:, own], len(key)), own, shared)
        return to_query, to_key.to(key.dtype), to_value.to(value.dtype), None, None


def _places(lengths: tuple[int, ...]) -> Iterator[tuple[slice, int]]:
    """Yield the tokens of the preamble and of each row, and how many before them are visible."""
    start = 0
    for place, length in enumerate(lengths):
        if length:
            yield slice(start, start + length), lengths[0] if place else 0
        start += length


def _visible(part: Tensor, own: slice, shared: int) -> Tensor:
    """Return what a row sees of keys or values [groups, tokens, width], in fp32."""
    return torch.cat((part[:, :shared], part[:, own]), 1).float()


def _add(total: Tensor, part: Tensor, own: slice, shared: int) -> None:
    """Add the gradient of what `_visible` returned to the one of all tokens, in place."""
    total[:, :shared] += part[:, :shared]
    total[:, own] += part[:, shared:]


def _grouped(part: Tensor, groups: int) -> Tensor:
    """Return [heads, own, width] as [groups, heads / groups · own, width], in fp32."""
    return part.reshape(groups, -1, part.shape[-1]).float()


def _heads(part: Tensor, heads: int) -> Tensor:
    """Return what `_grouped` made of [heads, own, width] in that shape."""
    return part.view(heads, -1, part.shape[-1])


def _weights(query: Tensor, keys: Tensor, scale: float) -> Tensor:
    """Return a row's attention weights [groups, heads / groups · own, shared + own] in fp32."""
    own = query.shape[1]
    scores = (_grouped(query, len(keys)) @ keys.transpose(1, 2)).mul_(scale)
    by_head = scores.view(len(query), own, -1)
    by_head += _row_mask(keys.shape[1] - own, own, torch.float32)
    return torch.softmax(scores, -1)


@lru_cache(maxsize=1024)
def _row_mask(shared: int, own: int, dtype: torch.dtype) -> Tensor:
    """Return a row's additive mask, [own, shared + own] of `dtype`: 0 where visible, else -inf."""
    # A tensor made in inference mode cannot be used in a backward pass, and the cache keeps the
    # first caller's tensor: evaluation may be that caller.
    with torch.inference_mode(False):
        visible = torch.ones(own, shared + own, dtype=torch.bool).tril(shared)
        return torch.zeros(visible.shape, dtype=dtype).masked_fill(~visible, float("-inf"))


def register() -> None:
    """Register `packed_attention` with transformers; may be called repeatedly."""
    AttentionInterface.register(NAME, packed_attention)
