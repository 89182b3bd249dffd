"""An adapter's tensors, checked against the base model that it is for, without loading that."""

from pathlib import Path
from typing import TYPE_CHECKING

from tasks.adapters.verify import PEFT_PREFIX, AdapterVerifier
from trainer.adapters.adapter import Adapter, check_base
from trainer.adapters.adapter_files import read_weights
from trainer.base_model.load import linear_shapes
from trainer.base_model.source import Source

if TYPE_CHECKING:
    import torch

Pair = tuple["torch.Tensor", "torch.Tensor"]
"""A [rank, in] and B [out, rank] of a layer."""


def check_fits(adapter: Adapter, source: Source, *, cache: Path) -> None:
    """Return if `adapter` can be applied to the model in `source`.

    Raises:
        AdapterRefused: see `AdapterVerifier.verify`.
        ModelMissing: the model's configuration is not here and could not be fetched.
    """
    check_base(adapter, source.name)  # before anything is fetched
    AdapterVerifier(source.name, linear_shapes(source, cache=cache)).verify(adapter)


def pairs(adapter: Adapter) -> dict[str, Pair]:
    """Return the halves of each layer that `adapter` changes, by the layer's name in the base.

    Raises:
        AdapterRefused: its files were replaced since it was read.
    """
    from safetensors.torch import load

    tensors = load(read_weights(adapter.path, adapter.digest))
    ending = ".lora_A.weight"
    names = [
        name.removeprefix(PEFT_PREFIX).removesuffix(ending)
        for name in tensors
        if name.endswith(ending)
    ]
    halves = ("lora_A", "lora_B")
    return {
        name: (a, b)
        for name in sorted(names)
        for a, b in [[tensors[f"{PEFT_PREFIX}{name}.{half}.weight"] for half in halves]]
    }
