"""Logits of a model whose weights are any function of their names, computed in float32.

So a format is measured without the kernels that read it, and with an adapter: what it adds to the
products of a matrix is added to the matrix. Products are not rounded, as our kernels round them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file

from tasks.engines.openvino.convert.calibration.streamed import Streamed
from tasks.engines.openvino.convert.calibration.texts import read_texts
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.converted import Converted
from tasks.engines.openvino.convert.pack import unpack
from tasks.engines.openvino.convert.packing import Packing
from trainer.adapters.adapter import Adapter
from trainer.data.sources import SAMPLE

Weight = Callable[[str], torch.Tensor]
"""Returns a weight by its name in the checkpoint."""

PREFIX = "base_model.model."
"""What PEFT puts before the names of the checkpoint."""


def logits(checkpoint: Checkpoint, weight: Weight, ids: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield the logits [tokens, vocabulary] of each of `ids` [pieces, tokens]."""
    model = Streamed(checkpoint, torch.float32, weight=weight)
    hidden, head = model.hidden(ids), model.head()
    for piece in hidden:
        yield piece @ head.T


def packed(checkpoint: Checkpoint, target: Converted) -> Weight:
    """Return the weights of `target`, packed into its folder where they are not yet."""
    matrices = Packing(checkpoint, target, read_texts(SAMPLE), target.folder).packed()

    def weight(name: str) -> torch.Tensor:
        matrix = matrices.get(name.removesuffix(".weight"))
        return checkpoint.tensor(name) if matrix is None else unpack(matrix)

    return weight


def with_adapter(weight: Weight, adapter: Adapter) -> Weight:
    """Return the weights `weight` with what `adapter` adds to their products."""
    tensors = load_file(Path(adapter.path) / "adapter_model.safetensors")

    def adapted(name: str) -> torch.Tensor:
        a, b = (
            tensors.get(f"{PREFIX}{name.removesuffix('.weight')}.lora_{side}.weight")
            for side in "AB"
        )
        if a is None or b is None:
            return weight(name)
        return weight(name).float() + adapter.scale * b.float() @ a.float()

    return adapted
