"""Packs a weight matrix [out, in] into one of four formats, and unpacks it.

Layout of `PackedMatrix.values`, row by row unless said otherwise:

- "bf16": the bits of each weight, [out, in] uint16.
- "int8": [out, in] int8.
- "int4": [out, in / 2] uint8; a byte holds two neighbours of a row in two's complement, the earlier
  one in its low half.
- "blocks", which our kernels read (`kernels/blocks.hpp`): [bytes] uint8. 32 rows are a block; the
  blocks follow one another. A block is a record for each group of 128 columns, in their order. A
  record is 2,048 bytes of weights, then the scales of the 32 rows as float16. The weights of a
  record are stored as w + 8 (0 to 15). With a pair of steps p in 0..15, a half of the rows h in
  0..1, a row r in 0..15 and a column c in 0..3, byte 128·p + 64·h + 4·r + c holds

      in its low half   row 16·h + r, column 8·p + c
      in its high half  row 16·h + r, column 8·p + 4 + c

  so that 64 bytes in a row are what one AVX-512 register takes: four columns of 16 rows.

Knows no model, no files and no OpenVINO; `quantise` finds integers and scales.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from tasks.engines.openvino.convert.packed_matrix import (
    BLOCK_GROUP,
    BLOCK_ROWS,
    Format,
    PackedMatrix,
)
from tasks.engines.openvino.convert.quantise import (
    affine_int8,
    in_slices,
    plain_int8,
    searched_int4,
)

RECORD_WEIGHT_BYTES = BLOCK_ROWS * BLOCK_GROUP // 2
RECORD_BYTES = RECORD_WEIGHT_BYTES + 2 * BLOCK_ROWS
"""Weights of a record, and the same with its float16 scales."""

PAIRS = BLOCK_GROUP // 8
"""Pairs of steps in a record; a step is four neighbouring columns."""

AFFINE_GROUP = 32
"""Groups of this length may get a zero each at 8 bits. Checkpoints converted from GGUF lie on such
a grid of 4 or 5 bits with a zero, which 8 bits with a zero keep nearly exactly."""


def pack(weight: torch.Tensor, format: Format, group: int) -> PackedMatrix:
    """Pack `weight` [out, in] with a scale for each `group` neighbours; they must divide a row."""
    rows, columns = weight.shape
    shape = (rows, columns)
    no_scales = np.empty((rows, 0), np.float16)
    if format == "bf16":
        bits = weight.to(torch.bfloat16).contiguous().view(torch.int16).numpy().view(np.uint16)
        return PackedMatrix(format, shape, bits, no_scales)
    groups = weight.reshape(-1, group)  # [out · in / group, group]
    if format == "int8" and group == AFFINE_GROUP and (affine := _affine(groups, shape)):
        return affine
    four_bits = format in ("int4", "blocks")
    integers, scales = in_slices(groups, searched_int4 if four_bits else plain_int8)
    values = integers.view(rows, columns)  # int8
    scales_of_rows = scales.view(rows, columns // group).numpy()  # float16
    if format == "int4":
        return PackedMatrix(format, shape, _halves(values), scales_of_rows)
    if format == "blocks":
        return PackedMatrix(format, shape, _blocks(values, scales_of_rows), no_scales)
    return PackedMatrix(format, shape, values.numpy(), scales_of_rows)


def unpack(packed: PackedMatrix) -> torch.Tensor:
    """Return the float32 matrix [out, in] that `packed` stands for."""
    rows, columns = packed.shape
    if packed.format == "bf16":
        bits = torch.from_numpy(np.array(packed.values).view(np.int16))
        return bits.view(torch.bfloat16).float()
    if packed.format == "blocks":
        return _unpacked_blocks(packed)
    if packed.format == "int4":
        integers = _unpacked_halves(np.asarray(packed.values, np.uint8)).reshape(rows, columns)
    else:
        integers = np.asarray(packed.values, np.int8)
    scales = torch.from_numpy(np.array(packed.scales)).float()  # [out, groups]
    # [out, groups, group]
    groups = torch.from_numpy(integers.astype(np.float32)).view(rows, scales.shape[1], -1)
    if packed.zeros.size:
        groups -= torch.from_numpy(np.array(packed.zeros))[..., None]
    return (groups * scales[..., None]).view(rows, columns)


def _affine(groups: torch.Tensor, shape: tuple[int, int]) -> PackedMatrix | None:
    """Pack groups [n, 32] with zeros, or return None where that does not lower the error."""
    integers, scales, zeros, error_saved = in_slices(groups, affine_int8)
    if error_saved.sum() <= 0:
        return None
    return PackedMatrix(
        "int8",
        shape,
        integers.view(shape).numpy(),
        scales.view(shape[0], -1).numpy(),
        zeros.view(shape[0], -1).numpy(),
    )


def _halves(values: torch.Tensor) -> NDArray[np.uint8]:
    """Return int4 `values` [out, in] int8 two to a byte, [out, in / 2]."""
    low, high = values[:, 0::2] & 15, values[:, 1::2] & 15
    return (low | (high << 4)).to(torch.uint8).contiguous().numpy()


def _unpacked_halves(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the integers -8 to 7 of `packed` [out, in / 2] as [out, in / 2, 2]."""
    halves = np.stack([packed & 15, packed >> 4], axis=-1).astype(np.int8)
    return np.where(halves > 7, halves - 16, halves)


def _blocks(values: torch.Tensor, scales: NDArray[np.float16]) -> NDArray[np.uint8]:
    """Return int4 `values` [out, in] int8 and `scales` [out, groups] as bytes of records."""
    groups = scales.shape[1]
    # [block, half of its rows, row, group, pair, step of the pair, column]
    split = (values + 8).to(torch.uint8).view(-1, 2, 16, groups, PAIRS, 2, 4)
    # [block, group, pair, half of its rows, row, column, step of the pair]
    steps = split.permute(0, 3, 4, 1, 2, 6, 5).contiguous()
    weights = (steps[..., 0] | (steps[..., 1] << 4)).view(-1, groups, RECORD_WEIGHT_BYTES).numpy()
    # [block, group, row of the block]
    rows = np.ascontiguousarray(scales.reshape(-1, BLOCK_ROWS, groups).transpose(0, 2, 1))
    return np.concatenate([weights, rows.view(np.uint8)], axis=2).reshape(-1)


def _unpacked_blocks(packed: PackedMatrix) -> torch.Tensor:
    """Return the float32 matrix [out, in] of a matrix in blocks: `_blocks` backwards."""
    rows, columns = packed.shape
    groups = columns // BLOCK_GROUP
    records = np.asarray(packed.values, np.uint8).reshape(-1, groups, RECORD_BYTES)
    weights = torch.from_numpy(records[..., :RECORD_WEIGHT_BYTES].copy())
    steps = torch.stack([weights & 15, weights >> 4], -1).view(-1, groups, PAIRS, 2, 16, 4, 2)
    values = steps.permute(0, 3, 4, 1, 2, 6, 5).reshape(rows, groups, BLOCK_GROUP).float() - 8
    scales = torch.from_numpy(records[..., RECORD_WEIGHT_BYTES:].copy().view(np.float16)).float()
    return (values * scales.permute(0, 2, 1).reshape(rows, groups, 1)).view(rows, columns)
