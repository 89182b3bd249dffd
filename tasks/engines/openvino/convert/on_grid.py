"""Packs a matrix that is quantised already, on the grid it has: exactly where the format allows.

"blocks" has one scale for 128 columns or more, so groups of that size are exact. Of smaller groups
it keeps integers and zeros nearly, and rounds the steps, as whole multiples of one scale. "int4"
and "int8" take every group as it is. Knows no files and no models; `pack` is for all others.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from tasks.engines.openvino.convert.pack import blocks_of, halves
from tasks.engines.openvino.convert.packed_matrix import (
    BLOCK_GROUP,
    STEP_GROUP,
    Format,
    PackedMatrix,
)
from tasks.engines.openvino.convert.quantise.blocks import LEAST, Record, quantise_record
from tasks.engines.openvino.convert.sources.grid import Grid


def packed_on_grid(
    grid: Grid, format: Format, group: int, importance: torch.Tensor | None = None
) -> PackedMatrix | None:
    """Return the matrix of `grid` packed into `format`, None where the format has no such grid.

    At most `group` neighbours get a scale; `importance` [in] float32 says how much an error in each
    column counts, as for `pack`.
    """
    if grid.order is not None or not grid.scales.half().isfinite().all():
        return None
    shape = (grid.integers.shape[0], grid.integers.shape[1])
    if format == "blocks":
        values = _blocks(grid, importance)
        empty = np.empty((shape[0], 0), np.float16)
        return None if values is None else PackedMatrix(format, shape, values, empty)
    if format == "bf16" or (grid.group > group and grid.group % group):
        return None
    repeat = max(1, grid.group // group)
    scales, zeros = (part.repeat_interleave(repeat, 1) for part in (grid.scales, grid.zeros))
    divided = replace(grid, scales=scales, zeros=zeros)
    return _int4(divided, shape) if format == "int4" else _int8(divided, shape)


def _blocks(grid: Grid, importance: torch.Tensor | None) -> NDArray[np.uint8] | None:
    rows, columns = grid.integers.shape
    if grid.bits != 4 or grid.group % STEP_GROUP:
        return None
    if (grid.group % BLOCK_GROUP == 0 or grid.group == columns) and _are_whole(grid.zeros, 255):
        return blocks_of(rows, columns, partial(_exact_record, grid))
    counts = torch.ones(columns) if importance is None else importance
    return blocks_of(rows, columns, partial(_near_record, grid, counts))


def _exact_record(grid: Grid, rows: slice, columns: slice) -> Record:
    """Return some rows of a record: steps of 1, and the zeros as offsets."""
    group = columns.start // grid.group
    zeros = grid.zeros[rows, group : group + 1].to(torch.uint8)
    offsets = zeros.repeat(1, (columns.stop - columns.start) // STEP_GROUP)
    scales = grid.scales[rows, group].half().contiguous().view(-1, 1)
    return grid.integers[rows, columns].contiguous(), torch.ones_like(offsets), offsets, scales


def _near_record(grid: Grid, importance: torch.Tensor, rows: slice, columns: slice) -> Record:
    """Return some rows of a record, with their steps rounded to multiples of one scale."""
    groups = torch.arange(columns.start, columns.stop, STEP_GROUP) // grid.group
    step, zeros = grid.scales[rows][:, groups], grid.zeros[rows][:, groups]
    part = Grid(grid.bits, grid.integers[rows, columns].contiguous(), step, zeros)
    # A step below 0 counts its levels from the other end.
    lowest = step * torch.where(step < 0, 15 - zeros, -zeros)
    known = (step.abs().clamp_min(LEAST), lowest)
    return quantise_record(part.weights(), importance[columns], known)


def _int4(grid: Grid, shape: tuple[int, int]) -> PackedMatrix | None:
    if grid.bits != 4 or not _are_whole(grid.zeros, 15):
        return None
    scales = grid.scales.half().numpy()
    if (grid.zeros == 8).all():
        return PackedMatrix("int4", shape, halves(grid.integers - 8), scales)
    return PackedMatrix("int4", shape, halves(grid.integers), scales, grid.zeros.numpy())


def _int8(grid: Grid, shape: tuple[int, int]) -> PackedMatrix:
    middle = 128 if grid.bits == 8 else 0
    zeros = grid.zeros - middle
    if grid.bits == 4 and _are_whole(zeros, 15):
        of_columns = zeros.to(torch.int8).repeat_interleave(grid.group, 1)
        values = grid.integers.to(torch.int8).sub_(of_columns)
        return PackedMatrix("int8", shape, values.numpy(), grid.scales.half().numpy())
    values = (grid.integers - middle).view(torch.int8)
    if not zeros.any():
        return PackedMatrix("int8", shape, values.numpy(), grid.scales.half().numpy())
    return PackedMatrix("int8", shape, values.numpy(), grid.scales.numpy(), zeros.numpy())


def _are_whole(zeros: torch.Tensor, most: int) -> bool:
    """Tell whether all zeros are integers of 0 to `most`."""
    return bool(((zeros >= 0) & (zeros <= most) & (zeros == zeros.round())).all())
