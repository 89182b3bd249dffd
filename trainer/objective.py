"""The loss of a pack: the sum over its labels, with the output layer computed only where one is.

Works with any causal LM of transformers that takes the registered attention; it does not know
batches, steps or optimizers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from trainer import attention
from trainer.packing import Pack

LABELS_AT_ONCE = 512
"""Logits are kept for backward: 512 rows of a 43,176-word vocabulary take 88 MB in fp32."""


def token_losses(model: Any, pack: Pack) -> Tensor:
    """Return the loss of each label of `pack` in nats, [labels], fp32, with its gradient.

    The parts of the output layer are recomputed in backward, so that the logits of a whole pack
    never stand in memory at once.
    """
    causal = getattr(model, "get_base_model", lambda: model)()
    hidden = causal.model(
        input_ids=torch.tensor(pack.ids)[None],
        position_ids=torch.tensor(pack.positions)[None],
        use_cache=False,
        lengths=pack.lengths,
    ).last_hidden_state[0]
    hidden = hidden.index_select(0, torch.tensor(pack.sources))
    targets = torch.tensor(pack.targets)
    parts = zip(hidden.split(LABELS_AT_ONCE), targets.split(LABELS_AT_ONCE), strict=True)
    return torch.cat([_losses(causal.lm_head, part, labels) for part, labels in parts])


def _losses(head: Any, hidden: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(head(hidden).float(), labels, reduction="none")


def pack_loss(model: Any, pack: Pack) -> Tensor:
    """Return the weighted sum of the label losses of `pack` in nats, a scalar."""
    return (token_losses(model, pack) * torch.tensor(pack.weights)).sum()


@contextmanager
def packed_rows(model: Any) -> Iterator[None]:
    """Let `model` attend by rows inside the block, and as before after it."""
    causal = getattr(model, "get_base_model", lambda: model)()
    attention.register()
    before = causal.config._attn_implementation
    causal.set_attn_implementation(attention.NAME)
    try:
        yield
    finally:
        causal.set_attn_implementation(before)
