"""The adapter that the kernels apply: one per process, changed while nothing is computed.

Refuses tensors whose shapes or types do not fit, whatever was checked before: the library reads
their memory unchecked.
"""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import deserialize

from trainer.adapters.adapter import PROJECTIONS

NUMBER = {name: number for number, name in enumerate(PROJECTIONS)}
"""The number by which the library knows each linear layer of a block: `enum Linear` in
`adapter.hpp` has the order of `PROJECTIONS`, which a test compares."""

TYPES: dict[str, Any] = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
"""The types an adapter's tensors may have, as safetensors names them; bfloat16, which numpy lacks,
is read as its bits."""


class ActiveAdapter:
    """What the library at `file` adds to the base model's products; nothing at first.

    `linears` are the shapes [out, in] of the layers by their names in the checkpoint, such as
    `model.layers.0.mlp.up_proj`.

    Raises:
        OSError: the library cannot be loaded.
    """

    def __init__(self, file: Path, linears: dict[str, list[int]]) -> None:
        self._library = ctypes.CDLL(str(file))
        self._linears = linears
        integers, pointers = [ctypes.c_int] * 5, [ctypes.c_void_p] * 2
        self._library.swallow_add_low_rank.argtypes = [*integers, ctypes.c_float, *pointers]
        self._library.swallow_add_low_rank.restype = None

    def clear(self) -> None:
        """Remove the adapter: the base model answers."""
        self._library.swallow_clear_adapter()

    def use(self, weights: bytes, prefix: str, scale: float) -> None:
        """Apply the adapter whose safetensors file holds `weights`; its names start with `prefix`.

        Raises:
            ValueError: it lacks a tensor, or one has another shape or type than it should; what
                was active before still is.
        """
        tensors: dict[str, Any] = dict(deserialize(weights))  # type: ignore[no-untyped-call]
        del weights
        pairs = {}
        for name, shape in self._linears.items():
            halves = [tensors.pop(f"{prefix}{name}.lora_{side}.weight", None) for side in "AB"]
            if any(halves):
                _check(name, halves, shape)
                pairs[name] = halves
        self.clear()
        for name in list(pairs):  # only one pair at a time is held in float32
            a, b = map(_floats, pairs.pop(name))
            _, _, layer, linear = name.split(".", 3)
            rows, columns, rank = len(b), a.shape[1], len(a)
            numbers = (int(layer), NUMBER[linear.rpartition(".")[2]], rows, columns, rank)
            self._library.swallow_add_low_rank(*numbers, scale, a.ctypes.data, b.ctypes.data)
        del tensors
        # The freed tensors lie between what the library keeps, and glibc would not return them.
        ctypes.CDLL(None).malloc_trim(0)


def _check(name: str, halves: list[dict[str, Any] | None], shape: list[int]) -> None:
    """Raise ValueError unless A is [rank, in] and B [out, rank]; `shape` is [out, in]."""
    a, b = halves
    if a is None or b is None:
        raise ValueError(f"{name} has one half only")
    if unknown := {a["dtype"], b["dtype"]} - TYPES.keys():
        raise ValueError(f"{name} has tensors of type {unknown.pop()}")
    rank = a["shape"][0]
    if rank < 1 or a["shape"] != [rank, shape[1]] or b["shape"] != [shape[0], rank]:
        raise ValueError(f"{name} has another shape")


def _floats(tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Return a tensor as `safetensors.deserialize` gives it, in float32 and its shape."""
    values = np.frombuffer(tensor["data"], TYPES[tensor["dtype"]]).reshape(tensor["shape"])
    if tensor["dtype"] == "BF16":  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    return np.ascontiguousarray(values, np.float32)
