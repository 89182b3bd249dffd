"""Whether an adapter can be applied to a converted model, in full.

OpenVINO GenAI leaves out what it finds no place for, with a line on the terminal; here everything
an adapter holds must have its place, or it is refused. Knows no pipeline.
"""

from typing import Any

import torch
from safetensors.torch import load_file

from tasks.engines.openvino.convert.architecture import Architecture
from trainer.adapters.adapter import Adapter
from trainer.adapters.adapter_files import WEIGHTS
from trainer.errors import AdapterRefused


class CheckedAdapters:
    """The adapters of one model, each looked into once."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self._seen: set[str] = set()

    def facts(self, adapter: Adapter) -> dict[str, Any]:
        """Return what the pipeline needs of `adapter`: folder, digest and scale.

        Raises:
            AdapterRefused: it lacks tensors, has others, or holds values that are not finite.
        """
        if adapter.digest not in self._seen:
            _check(adapter, self._expected(adapter))
            self._seen.add(adapter.digest)
        return {
            "folder": str(adapter.path.absolute()),
            "digest": adapter.digest,
            "scale": adapter.scale,
        }

    def _expected(self, adapter: Adapter) -> dict[str, tuple[int, int]]:
        """Return the shapes of the tensors such an adapter has, by PEFT's names."""
        shapes = {}
        for layer in range(self.architecture.layers):
            for name, (rows, columns) in self.architecture.linears.items():
                if name.rpartition(".")[2] in adapter.targets:
                    whole = f"base_model.model.model.layers.{layer}.{name}"
                    shapes[f"{whole}.lora_A.weight"] = (adapter.rank, columns)
                    shapes[f"{whole}.lora_B.weight"] = (rows, adapter.rank)
        return shapes


def _check(adapter: Adapter, expected: dict[str, tuple[int, int]]) -> None:
    tensors = load_file(adapter.path / WEIGHTS)
    if {name: tuple(tensor.shape) for name, tensor in tensors.items()} != expected:
        raise AdapterRefused(
            f"The adapter {adapter.name!r} does not fit the model: its tensors differ in name "
            "or shape."
        )
    if any(not torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise AdapterRefused(f"The adapter {adapter.name!r} holds values that are not finite.")
