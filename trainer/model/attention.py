"""Attention over a pack, computed as one small block per row instead of with one dense mask.

Registered with transformers under the name `packed_rows`; models pass the pack's `lengths` on to it
through their keyword arguments. A row attends to the preamble and to itself only: for rows of 130
tokens in packs of 1,024 that is a sixth of the dense work. Sliding windows are ignored, because
rows are far shorter than any model's window.
"""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

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

    Returns the outputs, [1, tokens, heads, width], and None in place of the attention weights.
    """
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
