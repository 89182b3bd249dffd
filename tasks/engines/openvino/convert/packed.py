"""What a packed weight matrix is. Imports no torch, so that plans and folders need none."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Format = Literal["int4", "blocks", "int8", "bf16"]

BLOCK, BLOCK_GROUP = 32, 128
"""Rows of a block and columns of a group in the format "blocks"."""


@dataclass(frozen=True)
class Packed:
    """A matrix of `shape` [out, in]; a weight is (its integer - its group's zero) · its scale.

    `values`: int4 two to a byte, the earlier in the low half [out, in / 2] uint8; int8 [out, in];
    bf16 as its bits [out, in] uint16; blocks, what `tasks/kernels/blocks.hpp` reads, int4 and its
    scales in one [bytes] uint8. `scales`: [out, groups] float16, empty for bf16 and blocks.
    `zeros`: the integer that means nothing, not always whole, [out, groups] float32 with float32
    scales; where it is empty, it is 0 everywhere.
    """

    format: Format
    shape: tuple[int, int]
    values: NDArray[np.generic]
    scales: NDArray[np.floating]
    zeros: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))

    @property
    def bytes(self) -> int:
        """Return what it takes on disk."""
        return int(self.values.nbytes + self.scales.nbytes + self.zeros.nbytes)


def packed_bytes(format: Format, shape: tuple[int, int], group: int) -> int:
    """Return `Packed.bytes` of a matrix without packing it; with zeros it takes somewhat more."""
    weights = shape[0] * shape[1]
    if format == "bf16":
        return weights * 2
    return weights // (2 if format in ("int4", "blocks") else 1) + weights // group * 2
