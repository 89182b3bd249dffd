"""A weight matrix packed into fewer bits, as arrays. Imports no torch, which planning does without.

`pack` describes the layout of each format exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Format = Literal["int4", "blocks", "int8", "bf16"]

BLOCK_ROWS, BLOCK_GROUP, STEP_GROUP = 32, 128, 32
"""Rows of a block, and neighbouring weights of a row that share a scale and a step, in the format
"blocks"."""


@dataclass(frozen=True)
class PackedMatrix:
    """A matrix of `shape` [out, in]; a weight is (integer - group's zero) · group's scale.

    A group is a run of neighbouring weights in a row, a whole row at most. `scales` are [out,
    groups], float16, or float32 for "int8" with zeros; empty for "bf16" and "blocks". `zeros` are
    the integers that stand for a weight of 0, [out, groups] float32, for "int8" not always whole;
    empty where all are 0.
    """

    format: Format
    shape: tuple[int, int]
    values: NDArray[np.generic]
    scales: NDArray[np.floating]
    zeros: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))

    @property
    def bytes(self) -> int:
        """Return the bytes its arrays take, in memory as on disk."""
        return int(self.values.nbytes + self.scales.nbytes + self.zeros.nbytes)


def stacked(parts: Sequence[PackedMatrix]) -> PackedMatrix:
    """Return the matrices of one format and number of columns as one, each below the one before."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    rows = sum(part.shape[0] for part in parts)
    values = np.concatenate([part.values for part in parts])
    scales = np.concatenate([part.scales for part in parts])
    return PackedMatrix(first.format, (rows, first.shape[1]), values, scales)


def rows_of(packed: PackedMatrix, start: int, end: int) -> PackedMatrix:
    """Return some rows of a matrix: for "blocks" whole blocks."""
    if packed.format == "blocks":
        blocks = packed.values.reshape(packed.shape[0] // BLOCK_ROWS, -1)
        values = blocks[start // BLOCK_ROWS : end // BLOCK_ROWS].reshape(-1)
    else:
        values = packed.values[start:end]
    scales, zeros = packed.scales[start:end], packed.zeros[start:end]
    return PackedMatrix(packed.format, (end - start, packed.shape[1]), values, scales, zeros)


def record_widths(columns: int) -> list[int]:
    """Return the columns of each record of a block: BLOCK_GROUP, and in the last what is left."""
    whole = columns // BLOCK_GROUP
    return [BLOCK_GROUP] * (whole - 1) + [columns - BLOCK_GROUP * (whole - 1)]


def record_bytes(width: int) -> int:
    """Return the bytes of a record of `width` columns: integers, offsets, steps and scales."""
    return BLOCK_ROWS * (width // 2 + width // STEP_GROUP + width // STEP_GROUP // 2 + 2)


def packed_bytes(format: Format, shape: tuple[int, int], group: int) -> int:
    """Return `PackedMatrix.bytes` of a matrix [out, in] in groups of `group` weights.

    Zeros are not counted: only packing shows whether a matrix gets any.
    """
    weights = shape[0] * shape[1]
    if format == "bf16":
        return weights * 2
    if format == "blocks":
        return shape[0] // BLOCK_ROWS * sum(map(record_bytes, record_widths(shape[1])))
    return weights // (2 if format == "int4" else 1) + weights // group * 2
