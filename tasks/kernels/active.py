"""The adapter a library of kernels applies: one per process, changed while nothing is computed."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import deserialize

LINEARS = (
    *("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
    *("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"),
)
"""The linear layers of a block in the order `adapter.hpp` numbers them."""


class ActiveAdapter:
    """What the library at `file` adds to the base's products; nothing at first.

    `linears` are the shapes [out, in] of the layers by their names, `model.layers.0.mlp.up_proj`.
    """

    def __init__(self, file: Path, linears: dict[str, list[int]]) -> None:
        self._library = ctypes.CDLL(str(file))
        self._linears = linears
        integers, pointers = [ctypes.c_int] * 5, [ctypes.c_void_p] * 2
        self._library.swallow_add_low_rank.argtypes = [*integers, ctypes.c_float, *pointers]
        self._library.swallow_add_low_rank.restype = None

    def clear(self) -> None:
        """Let the base answer."""
        self._library.swallow_clear_adapter()

    def use(self, weights: bytes, prefix: str, scale: float) -> None:
        """Apply the adapter whose safetensors file holds `weights`; its names start with `prefix`.

        Raises:
            ValueError: it lacks a tensor, or one has another shape or type than it should.
        """
        tensors = dict(deserialize(weights))  # type: ignore[no-untyped-call]
        parts = {name: self._part(tensors, prefix + name) for name in self._linears}
        self.clear()
        for name, part in parts.items():
            if part is not None:
                self._add(name, *part, scale)

    def _part(self, tensors: dict[str, Any], name: str) -> tuple[Any, Any] | None:
        a, b = (tensors.pop(f"{name}.lora_{side}.weight", None) for side in "AB")
        if a is None and b is None:
            return None
        if a is None or b is None:
            raise ValueError(f"{name} has one half only")
        return _floats(a), _floats(b)

    def _add(self, name: str, a: NDArray[np.float32], b: NDArray[np.float32], scale: float) -> None:
        rows, columns = self._linears[name]
        rank = len(a)
        if a.shape != (rank, columns) or b.shape != (rows, rank):
            raise ValueError(f"{name} has another shape")
        _, _, layer, linear = name.split(".", 3)
        numbers = (int(layer), LINEARS.index(linear), rows, columns, rank)
        self._library.swallow_add_low_rank(*numbers, scale, a.ctypes.data, b.ctypes.data)


def _floats(tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Return one of `deserialize`'s tensors in float32; numpy knows no bfloat16."""
    shape, kind, data = tensor["shape"], tensor["dtype"], tensor["data"]
    if kind == "BF16":
        bits = np.frombuffer(data, np.uint16).astype(np.uint32) << 16
        return bits.view(np.float32).reshape(shape)
    types = {"F32": np.float32, "F16": np.float16}
    if kind not in types:
        raise ValueError(f"tensors of type {kind}")
    return np.ascontiguousarray(np.frombuffer(data, types[kind]).astype(np.float32)).reshape(shape)
