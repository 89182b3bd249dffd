"""Packs a weight matrix [out, in] into one of four formats, and unpacks it.

Layout of `PackedMatrix.values`, row by row unless said otherwise:

- "bf16": the bits of each weight, [out, in] uint16.
- "int8": [out, in] int8.
- "int4": [out, in / 2] uint8; a byte holds two neighbours of a row, the earlier one in its low
  half: in two's complement, or where there are zeros as 0 to 15.
- "blocks", which our kernels read (`kernels/source/layout.hpp`): [bytes] uint8. A block is 32 rows;
  the blocks follow one another. A block is a record for each group of 128 columns, in order; what
  does not fill a record makes the last one wider. A record of n columns is 16·n bytes of integers,
  n bytes of offsets, n / 2 bytes of steps, then the scales of the 32 rows as float16. With a group
  of eight columns p, a half of the rows h in 0..1, a row r in 0..15 and a column c in 0..3, byte
  128·p + 64·h + 4·r + c of the integers holds

      in its low half   row 16·h + r, column 8·p + c
      in its high half  row 16·h + r, column 8·p + 4 + c

  so that 64 bytes in a row are what one AVX-512 register takes: four columns of 16 rows. Offsets
  and steps belong to 32 columns each, two of which are a pair q. Byte 64·q + 32·h + 2·r + i of the
  offsets is that of the pair's first (i = 0) or second 32 columns; byte 32·q + 16·h + r of the
  steps holds the first's step less one in its low half and the second's in its high half.

Knows no model, no files and no OpenVINO; `quantise` finds integers and scales.
"""

from collections.abc import Callable
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray

from tasks.engines.openvino.convert.packed_matrix import (
    BLOCK_ROWS,
    STEP_GROUP,
    Format,
    PackedMatrix,
    record_bytes,
    record_widths,
)
from tasks.engines.openvino.convert.quantise.blocks import Record, quantise_record
from tasks.engines.openvino.convert.quantise.feedback import rounded
from tasks.engines.openvino.convert.quantise.groups import (
    LEAST,
    SLICE_WEIGHTS,
    affine_int8,
    in_parallel,
    in_slices,
    plain_int8,
    searched_int4,
)

AFFINE_GROUP = 32
"""Groups of this length may get a zero each at 8 bits. Checkpoints converted from GGUF lie on such
a grid of 4 or 5 bits with a zero, which 8 bits with a zero keep nearly exactly."""


def pack(
    weight: torch.Tensor,
    format: Format,
    group: int,
    importance: torch.Tensor | None = None,
    gram: torch.Tensor | None = None,
) -> PackedMatrix:
    """Pack `weight` [out, in] with a scale for each `group` neighbours; they must divide a row.

    `importance` [in] float32 says how much an error in each column counts at 4 bits; None: alike.
    With `gram` [in, in] float32 the columns make up for each other's errors, see `feedback`; its
    diagonal is the importance then.
    """
    rows, columns = weight.shape
    shape = (rows, columns)
    no_scales = np.empty((rows, 0), np.float16)
    if format == "bf16":
        bits = weight.to(torch.bfloat16).contiguous().view(torch.int16).numpy().view(np.uint16)
        return PackedMatrix(format, shape, bits, no_scales)
    if gram is not None:
        importance = importance_in(gram)
    elif importance is None:
        importance = torch.ones(columns)
    if format == "blocks":
        return PackedMatrix(format, shape, _blocks(weight, importance, gram), no_scales)
    if format == "int4":
        of_groups = importance.view(-1, group)  # [groups of a row, group]

        def searched(slice: torch.Tensor) -> tuple[torch.Tensor, ...]:
            counts = of_groups.repeat(len(slice), 1)  # [groups of the slice, group]
            return searched_int4(slice.reshape(-1, group), counts)

        integers, scales = in_slices(weight, searched)
        if gram is not None:
            steps = scales.view(rows, -1).float()
            integers = rounded(weight, steps, torch.zeros_like(steps), (-8, 7), gram)
        values = halves(integers.reshape(rows, columns))
        return PackedMatrix(format, shape, values, scales.view(rows, -1).numpy())
    if group == AFFINE_GROUP and (affine := _affine(weight)):
        return affine
    integers, scales = in_slices(weight, lambda slice: plain_int8(slice.reshape(-1, group)))
    values = integers.view(rows, columns).numpy()
    return PackedMatrix(format, shape, values, scales.view(rows, -1).numpy())


def importance_in(gram: torch.Tensor) -> torch.Tensor:
    """Return the importance [in] of the columns that `gram` [in, in] has; its mean is 1."""
    return gram.diagonal() / gram.diagonal().mean().clamp_min(LEAST)


def unpack(packed: PackedMatrix) -> torch.Tensor:
    """Return the float32 matrix [out, in] that `packed` stands for."""
    rows, columns = packed.shape
    if packed.format == "bf16":
        bits = torch.from_numpy(np.array(packed.values).view(np.int16))
        return bits.view(torch.bfloat16).float()
    if packed.format == "blocks":
        return _unpacked_blocks(packed)
    if packed.format == "int4":
        signed = not packed.zeros.size
        both = _unpacked_halves(np.asarray(packed.values, np.uint8), signed=signed)
        integers = both.reshape(rows, columns)
    else:
        integers = np.asarray(packed.values, np.int8)
    scales = torch.from_numpy(np.array(packed.scales)).float()  # [out, groups]
    # [out, groups, group]
    groups = torch.from_numpy(integers.astype(np.float32)).view(rows, scales.shape[1], -1)
    if packed.zeros.size:
        groups -= torch.from_numpy(np.array(packed.zeros))[..., None]
    return (groups * scales[..., None]).view(rows, columns)


def _affine(weight: torch.Tensor) -> PackedMatrix | None:
    """Pack in groups of 32 with zeros, or return None where that does not lower the error."""
    rows, columns = weight.shape
    integers, scales, zeros, error_saved = in_slices(
        weight, lambda slice: affine_int8(slice.reshape(-1, AFFINE_GROUP))
    )
    if error_saved.sum() <= 0:
        return None
    return PackedMatrix(
        "int8",
        (rows, columns),
        integers.view(rows, columns).numpy(),
        scales.view(rows, -1).numpy(),
        zeros.view(rows, -1).numpy(),
    )


def halves(values: torch.Tensor) -> NDArray[np.uint8]:
    """Return int4 `values` [out, in] int8 or uint8 two to a byte, [out, in / 2]."""
    low, high = values[:, 0::2] & 15, values[:, 1::2] & 15
    return (low | (high << 4)).to(torch.uint8).contiguous().numpy()


def _unpacked_halves(packed: NDArray[np.uint8], *, signed: bool) -> NDArray[np.int8]:
    """Return the integers of `packed` [out, in / 2], -8 to 7 if `signed`, as [out, in / 2, 2]."""
    both = np.stack([packed & 15, packed >> 4], axis=-1).astype(np.int8)
    return np.where(both > 7, both - 16, both) if signed else both


def _blocks(
    weight: torch.Tensor, importance: torch.Tensor, gram: torch.Tensor | None
) -> NDArray[np.uint8]:
    """Return `weight` [out, in] as the bytes of its blocks, one after another."""

    def quantised(rows: slice, columns: slice) -> Record:
        return quantise_record(weight[rows, columns].float(), importance[columns])

    rows, columns = weight.shape
    if gram is None:
        return blocks_of(rows, columns, quantised)
    pieces = _pieces(rows, columns)
    each = len(pieces) // len(record_widths(columns))
    parts = in_parallel(lambda piece: quantised(piece[1], piece[2]), pieces)
    records = [_joined(parts[first : first + each]) for first in range(0, len(parts), each)]
    whole = [_record(record) for record in _with_feedback(weight, records, gram)]
    return np.concatenate(whole, axis=1).reshape(-1)


def blocks_of(
    rows: int, columns: int, quantised: Callable[[slice, slice], Record]
) -> NDArray[np.uint8]:
    """Return the bytes of the blocks of a matrix; `quantised` returns some rows of the record that
    has the columns it is called with."""
    places = [0, *accumulate(map(record_bytes, record_widths(columns)))]
    blocks = np.empty((rows // BLOCK_ROWS, places[-1]), np.uint8)

    def pack_piece(piece: tuple[int, slice, slice]) -> None:
        record, part, of_record = piece
        packed = _record(quantised(part, of_record))
        first = part.start // BLOCK_ROWS
        blocks[first : first + len(packed), places[record] : places[record + 1]] = packed

    in_parallel(pack_piece, _pieces(rows, columns))
    return blocks.reshape(-1)


def _pieces(rows: int, columns: int) -> list[tuple[int, slice, slice]]:
    """Return the number, some rows and the columns of a record, for all rows and records.

    Pieces of every record, not one record after another: so the threads share all of them.
    """
    widths = record_widths(columns)
    ends = list(accumulate(widths))
    step = SLICE_WEIGHTS // max(widths) // BLOCK_ROWS * BLOCK_ROWS
    return [
        (record, slice(start, start + step), slice(ends[record] - width, ends[record]))
        for record, width in enumerate(widths)
        for start in range(0, rows, step)
    ]


def _joined(parts: list[Record]) -> Record:
    """Return the record of all rows of the pieces of it."""
    integers, steps, offsets, scales = (torch.cat(values) for values in zip(*parts, strict=True))
    return integers, steps, offsets, scales


def _with_feedback(weight: torch.Tensor, records: list[Record], gram: torch.Tensor) -> list[Record]:
    """Return `records` of `weight` with the integers that `feedback` chooses for their steps."""
    steps = torch.cat([steps * scales.float() for _, steps, _, scales in records], 1)
    lows = torch.cat([offsets * -scales.float() for _, _, offsets, scales in records], 1)
    integers = rounded(weight, steps, lows, (0, 15), gram).to(torch.uint8)
    widths = record_widths(weight.shape[1])
    return [
        (part.contiguous(), *record[1:])
        for part, record in zip(torch.split(integers, widths, 1), records, strict=True)
    ]


def _record(quantised: Record) -> NDArray[np.uint8]:
    """Return the bytes of one record of every block, [blocks, bytes]."""
    integers, steps, offsets, scales = quantised
    blocks, pairs = len(integers) // BLOCK_ROWS, steps.shape[1] // 2
    # [block, half of its rows, row, eight columns, four of them, column]
    split = integers.view(blocks, 2, 16, -1, 2, 4).permute(0, 3, 1, 2, 5, 4)
    # [block, half of its rows, row, pair, group of the pair]
    split_steps = (steps - 1).view(blocks, 2, 16, pairs, 2).permute(0, 3, 1, 2, 4)
    parts = (
        split[..., 0] | (split[..., 1] << 4),
        offsets.view(blocks, 2, 16, pairs, 2).permute(0, 3, 1, 2, 4),
        split_steps[..., 0] | (split_steps[..., 1] << 4),
        scales.view(torch.uint8),
    )
    return torch.cat([part.reshape(blocks, -1) for part in parts], 1).numpy()


def _unpacked_blocks(packed: PackedMatrix) -> torch.Tensor:
    """Return the float32 matrix [out, in] of a matrix in blocks: `_blocks` backwards."""
    rows, columns = packed.shape
    blocks = rows // BLOCK_ROWS
    whole = torch.from_numpy(np.array(packed.values, np.uint8)).view(blocks, -1)
    records, start = [], 0
    for width in record_widths(columns):
        end = start + record_bytes(width)
        records.append(_unpacked_record(whole[:, start:end], width))
        start = end
    return torch.cat(records, 1)


def _unpacked_record(record: torch.Tensor, width: int) -> torch.Tensor:
    """Return the float32 weights [out, width] of the bytes of a record, [blocks, bytes]."""
    blocks, pairs = len(record), width // STEP_GROUP // 2
    sizes = [BLOCK_ROWS * width // 2, BLOCK_ROWS * pairs * 2, BLOCK_ROWS * pairs, BLOCK_ROWS * 2]
    integers, offsets, steps, scales = torch.split(record, sizes, 1)
    halves = torch.stack([integers & 15, integers >> 4], -1).view(blocks, -1, 2, 16, 4, 2)
    both = torch.stack([steps & 15, steps >> 4], -1).view(blocks, pairs, 2, 16, 2)
    pairwise = offsets.reshape(blocks, pairs, 2, 16, 2)
    groups = halves.permute(0, 2, 3, 1, 5, 4).reshape(-1, 2 * pairs, STEP_GROUP).float()
    step = both.permute(0, 2, 3, 1, 4).reshape(-1, 2 * pairs, 1).float() + 1
    offset = pairwise.permute(0, 2, 3, 1, 4).reshape(-1, 2 * pairs, 1).float()
    scale = scales.contiguous().view(torch.float16).view(-1, 1, 1).float()
    weights: torch.Tensor = (groups * step - offset) * scale
    return weights.view(-1, width)
