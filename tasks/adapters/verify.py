"""Whether an adapter can be applied to the model that is loaded: base model and every tensor.

An adapter is verified in three steps:

1. `trainer.adapters.adapter.read` checks its files and names their content by a digest;
   `AdapterFiles` keeps the result while the files stay as they are.
2. `AdapterVerifier` checks the tensors of that content, once for each model.
3. Whoever loads the weights calls `trainer.adapters.adapter_files.read_weights`, which hashes what
   it returns and refuses another digest.

OpenVINO GenAI and PEFT leave out tensors they have no place for; here such an adapter is refused.
Knows neither engine.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from trainer.adapters.adapter import PROJECTIONS, Adapter, check_base
from trainer.adapters.adapter_files import read_weights
from trainer.errors import AdapterRefused

if TYPE_CHECKING:
    import torch

PEFT_PREFIX = "base_model.model."
"""What PEFT writes before a layer's name in the base model."""


class AdapterVerifier:
    """Verifies adapters for one loaded model, the tensors of each content once.

    `linears` are the shapes [out, in] of the model's linear layers by their names in the
    checkpoint, such as `model.layers.0.mlp.up_proj`.
    """

    def __init__(self, model: str, linears: Mapping[str, Sequence[int]]) -> None:
        self._model = model
        self._linears = linears
        self._verified: set[str] = set()
        self._verifying = threading.Lock()

    def verify(self, adapter: Adapter) -> None:
        """Return if `adapter` can be applied to the model.

        Raises:
            AdapterRefused: it was trained on another base model, changes layers that the model
                lacks or that cannot be changed, as its experts, lacks tensors, has others, holds
                values that are not finite, or its files were replaced since they were read.
        """
        check_base(adapter, self._model)
        self._check_targets(adapter)
        with self._verifying:  # those who ask meanwhile need not look at its tensors too
            if adapter.digest not in self._verified:
                _check_tensors(adapter, self._expected_shapes(adapter))
                self._verified.add(adapter.digest)

    def _check_targets(self, adapter: Adapter) -> None:
        possible = {name.rpartition(".")[2] for name in self._linears}
        if missing := [target for target in adapter.targets if target not in possible]:
            raise AdapterRefused(
                f"The adapter {adapter.name!r} changes {', '.join(missing)}; of this model only "
                f"{', '.join(name for name in PROJECTIONS if name in possible)} can be changed."
            )

    def _expected_shapes(self, adapter: Adapter) -> dict[str, tuple[int, ...]]:
        """Return the shapes of A [rank, in] and B [out, rank] of each layer, by PEFT's names."""
        shapes: dict[str, tuple[int, ...]] = {}
        for name, (rows, columns) in self._linears.items():
            if name.rpartition(".")[2] in adapter.targets:
                shapes[f"{PEFT_PREFIX}{name}.lora_A.weight"] = (adapter.rank, columns)
                shapes[f"{PEFT_PREFIX}{name}.lora_B.weight"] = (rows, adapter.rank)
        return shapes


def _check_tensors(adapter: Adapter, expected: Mapping[str, tuple[int, ...]]) -> None:
    from safetensors.torch import load

    # The bytes that are checked are those that were hashed: a file may be replaced at any time.
    content = read_weights(adapter.path, adapter.digest)
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise AdapterRefused(f"The adapter {adapter.name!r} cannot be read.") from error
    if {name: tuple(tensor.shape) for name, tensor in tensors.items()} != expected:
        raise AdapterRefused(
            f"The adapter {adapter.name!r} does not fit the model: its tensors differ in "
            "name or shape."
        )
    if not all(_is_finite(tensor) for tensor in tensors.values()):
        raise AdapterRefused(f"The adapter {adapter.name!r} holds values that are not finite.")


def _is_finite(tensor: "torch.Tensor") -> bool:
    return bool(tensor.isfinite().all())
