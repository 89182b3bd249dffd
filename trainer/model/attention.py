"""Attention over a pack as one small block per row, instead of a dense mask over the pack.

Registered with transformers under the name `packed_rows`; models hand it the pack's `lengths`
through their keyword arguments. A row's queries meet the preamble's keys and its own: for rows of
130 tokens in packs of 1,024 a sixth of the dense work. Sliding windows are not known here: rows
are far shorter than any window.
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
    """Attend within each row and to the preamble.

    `query` is [1, heads, tokens, width], `key` and `value` [1, groups, tokens, width]; `lengths`
    are the tokens of the preamble (may be 0) and of each row. Returns [1, tokens, heads, width].
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
        mine = keys[row], values[row]
        if shared:
            mine = torch.cat((keys[0], mine[0]), 2), torch.cat((values[0], mine[1]), 2)
        outputs.append(
            scaled_dot_product_attention(
                queries[row],
                *mine,
                attn_mask=_visible(shared, lengths[row], query.dtype) if shared else None,
                is_causal=not shared,
                scale=scaling,
                enable_gqa=grouped,
            )
        )
    return torch.cat([output.transpose(1, 2) for output in outputs], 1), None


@lru_cache(maxsize=1024)
def _visible(shared: int, own: int, dtype: torch.dtype) -> Tensor:
    """Return what a row's queries may see, [own, shared + own]: 0 where visible, else -inf."""
    with torch.inference_mode(False):  # kept for training, whoever asks first
        visible = torch.ones(own, shared + own, dtype=torch.bool).tril(shared)
        return torch.zeros(visible.shape, dtype=dtype).masked_fill(~visible, float("-inf"))


def register() -> None:
    """Make `packed_rows` known to transformers; harmless when repeated."""
    AttentionInterface.register(NAME, packed_attention)
