"""The base model as training needs it: frozen, in the chosen precision, ready for packed rows.

For int8 the weights are quantised one by one as they are read, so that the whole model never
stands in memory in a wider type. This module does not know data or the loop.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainer import models
from trainer.errors import ModelMissing
from trainer.fused import fuse
from trainer.int8 import Int8Linear, LastInput

TYPES = {"int8": torch.bfloat16, "bf16": torch.bfloat16, "fp32": torch.float32}


def load(source: models.Source, precision: str, *, cache: Path) -> torch.nn.Module:
    """Load the weights of `source`, frozen, in `precision` int8, bf16 or fp32.

    With int8 the linear layers of the blocks are int8 and the rest bf16.

    Raises:
        ModelMissing: the files are not here, or hold no causal LM of a kind we can train.
    """
    model: torch.nn.Module = models.load_model(source, dtype=TYPES[precision], cache=cache)
    model.requires_grad_(False)
    if not hasattr(model, "model") or not hasattr(model, "lm_head"):
        raise ModelMissing(f"{source.name} is not a causal language model of the Llama family.")
    return model


def quantise(model: torch.nn.Module) -> None:
    """Turn the linear layers of the blocks into int8, in place; those of LoRA keep their path."""
    blocks: Any = model.get_submodule("model.layers")
    inputs = LastInput()
    for parent, name, linear in list(_linears(blocks)):
        setattr(parent, name, Int8Linear(linear.weight.data, inputs))
        linear.weight.data = torch.empty(0)
    fuse(model)


def _linears(blocks: torch.nn.Module) -> Iterator[tuple[torch.nn.Module, str, torch.nn.Linear]]:
    for parent in blocks.modules():
        for name, child in parent.named_children():
            if type(child) is torch.nn.Linear and "lora_" not in name and child.bias is None:
                if not any(parameter.requires_grad for parameter in child.parameters()):
                    yield parent, name, child


def checkpoint_gradients(model: Any) -> None:
    """Keep only each block's input for backward and compute the block again: slower, smaller."""
    model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
