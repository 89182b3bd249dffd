"""Tiny models with an adapter, and the gradients of a pack."""

from typing import Any

import torch
from torch import Tensor

from tests.trainer.doubles import random_rows, tiny_model
from trainer.data.packing import pack
from trainer.model import frozen_base, lora
from trainer.model.loss import pack_loss, packed_rows


def cosine(one: Tensor, other: Tensor) -> float:
    """Return the cosine similarity of two tensors of one shape."""
    return float(torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), 0))


def adapted(
    dropout: float = 0.0, *, kind: str = "llama", int8: bool = False, bf16: bool = False
) -> Any:
    """Return a tiny model of `kind` with an adapter on two projections."""
    model = tiny_model(kind=kind, hidden_size=64, intermediate_size=160, num_hidden_layers=3)
    if bf16:
        model.to(torch.bfloat16)
    if int8:
        frozen_base.quantise(model, int8_output=True)
    return lora.attach(
        model, rank=4, alpha=8, dropout=dropout, targets=("q_proj", "v_proj"), seed=3
    )


def with_random_weights(model: torch.nn.Module) -> torch.nn.Module:
    """Add noise to the adapter's weights: B starts at zero, and then A would have no gradient."""
    generator = torch.Generator().manual_seed(5)
    for parameter in lora.trained(model):
        parameter.data.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    return model


def gradients(model: torch.nn.Module) -> tuple[float, Tensor]:
    """Return the loss of a pack, and the adapter's gradients as one vector [parameters]."""
    (one,) = pack(random_rows(12), limit=1000, share=True)[:1]
    model.train()
    with packed_rows(model):
        loss = pack_loss(model, one)
        torch.autograd.backward(loss)
    flat = [p.grad.flatten() for p in lora.trained(model) if p.grad is not None]
    return float(loss.detach()), torch.cat(flat)
