"""Packing one weight matrix into fewer bits: int4 in groups, int8 in groups or rows, bf16.

Knows numbers only: no model, no files, no OpenVINO. Mostly with symmetric scales,
because the CPU's fast kernels multiply integers without a zero.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from tasks.engines.openvino.convert.packed import BLOCK, BLOCK_GROUP, Format, Packed

Quantise = Callable[[torch.Tensor], tuple[torch.Tensor, ...]]
"""From weights [n, group] to integers [n, group] int8, scales [n, 1], and what else there is."""

SLICE = 1 << 18
"""Weights packed at a time: a megabyte of float32, which stays in a core's cache. Threads of our
own share the slices, each with one thread of torch's: torch's wait for each other after every
operation, which beside other programs takes ten times as long."""

RECORD_WEIGHTS = BLOCK * BLOCK_GROUP // 2
"""Bytes of weights in a record of the kernels."""

INT4_TRIALS = tuple(8.0 + step / 4 for step in range(-5, 6))
"""Levels the largest weight of a group is tried at; beyond 8 it is clipped to the last level."""
AFFINE_GROUP = 32
"""Groups of this length may get a zero of their own at 8 bits. Checkpoints that were quantised
before (GGUF) lie on such a grid, and nearly nothing is lost once more."""


def pack(weight: torch.Tensor, format: Format, group: int) -> Packed:
    """Pack `weight` [out, in] with one scale for `group` neighbours, which must divide a row."""
    rows, columns = weight.shape
    shape = (rows, columns)
    if format == "bf16":
        bits = weight.to(torch.bfloat16).contiguous().view(torch.int16).numpy().view(np.uint16)
        return Packed(format, shape, bits, np.empty((rows, 0), np.float16))
    grouped = weight.reshape(-1, group)
    four_bits = format in ("int4", "blocks")
    if format == "int8" and group == AFFINE_GROUP and (affine := _affine(grouped, shape)):
        return affine
    integers, scales = _sliced(grouped, searched_int4 if four_bits else plain_int8)
    values = integers.view(rows, columns)
    scales_of_rows = scales.view(rows, columns // group).numpy()
    if format == "int4":
        return Packed(format, shape, _nibbles(values), scales_of_rows)
    if format == "blocks":
        return Packed(
            format, shape, _blocks(values, scales_of_rows), np.empty((rows, 0), np.float16)
        )
    return Packed(format, shape, values.numpy(), scales_of_rows)


def _affine(groups: torch.Tensor, shape: tuple[int, int]) -> Packed | None:
    """Pack with a zero for each group, where that errs less than without."""
    integers, scales, zeros, gain = _sliced(groups, affine_int8)
    if gain.sum() <= 0:
        return None
    return Packed(
        "int8",
        shape,
        integers.view(shape).numpy(),
        scales.view(shape[0], -1).numpy(),
        zeros.view(shape[0], -1).numpy(),
    )


def unpack(packed: Packed) -> torch.Tensor:
    """Return the float32 matrix [out, in] that `packed` stands for."""
    rows, columns = packed.shape
    if packed.format == "bf16":
        bits = torch.from_numpy(np.array(packed.values).view(np.int16))
        return bits.view(torch.bfloat16).float()
    if packed.format == "blocks":
        return _unpacked_blocks(packed)
    if packed.format == "int4":
        both = np.asarray(packed.values, np.uint8)
        halves = np.stack([both & 15, both >> 4], axis=-1).astype(np.int8)
        integers = np.where(halves > 7, halves - 16, halves).reshape(rows, columns)
    else:
        integers = np.asarray(packed.values, np.int8)
    scales = torch.from_numpy(np.array(packed.scales)).float()
    grouped = torch.from_numpy(integers.astype(np.float32)).view(rows, scales.shape[1], -1)
    if packed.zeros.size:
        grouped -= torch.from_numpy(np.array(packed.zeros))[..., None]
    return (grouped * scales[..., None]).view(rows, columns)


def plain_int4(groups: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise [n, group] with the largest weight at level 7: the plain way, to compare with."""
    scales = _usable(groups.abs().amax(-1, keepdim=True) / 7)
    return _rounded(groups, scales, -8, 7).to(torch.int8), scales.half()


def searched_int4(groups: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise [n, group] with the scale of least squared error.

    The weight of largest magnitude takes the side of level -8, so that all 16 levels serve (as in
    llama.cpp's Q4_0). Each trial's integers get the scale that fits them best in the sense of least
    squares, Σwq / Σq², and the best of all is kept.
    """
    largest = groups.gather(-1, groups.abs().argmax(-1, keepdim=True))
    best, most = torch.ones_like(largest), torch.full_like(largest, -1.0)
    for level in INT4_TRIALS:
        q = _rounded(groups, _usable(largest / -level), -8, 7)
        product, square = (groups * q).sum(-1, keepdim=True), (q * q).sum(-1, keepdim=True)
        # With the fitted scale the squared error is Σw² - (Σwq)² / Σq²: the more the better.
        explained = product.square() / square.clamp_min(1)
        better = explained > most
        best = torch.where(better, product / square.clamp_min(1), best)
        most = torch.maximum(most, explained)
    best = _usable(best)
    return _rounded(groups, best, -8, 7).to(torch.int8), best.half()


def plain_int8(groups: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise [n, group] with the largest weight at level 127."""
    scales = _usable(groups.abs().amax(-1, keepdim=True) / 127)
    return _rounded(groups, scales, -127, 127).to(torch.int8), scales.half()


def affine_int8(groups: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Quantise [n, group] from its least to its largest weight.

    Returns integers, scales and zeros, [n, 1] float32, and by how much the squared error of each
    group is less than with the plain scale.
    """
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    scales = torch.where(high > low, (high - low) / 255, torch.ones_like(low))
    zeros = -128 - low / scales
    integers = (groups / scales + zeros).round_().clamp_(-128, 127)
    error = (groups - (integers - zeros) * scales).square().sum(-1, keepdim=True)
    plain, plain_scales = plain_int8(groups)
    plain_error = (groups - plain * plain_scales.float()).square().sum(-1, keepdim=True)
    return integers.to(torch.int8), scales, zeros, plain_error - error


def _sliced(groups: torch.Tensor, quantise: Quantise) -> tuple[torch.Tensor, ...]:
    """Quantise slice by slice, so that only slices are ever held as float32."""
    step = max(1, SLICE // groups.shape[1])

    def run(start: int) -> tuple[torch.Tensor, ...]:
        return quantise(groups[start : start + step].float())

    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, "pack", torch.set_num_threads, (1,)) as pool:
            slices = list(pool.map(run, range(0, len(groups), step)))
    finally:
        torch.set_num_threads(threads)
    return tuple(torch.cat(parts) for parts in zip(*slices, strict=True))


def _usable(scales: torch.Tensor) -> torch.Tensor:
    """Round to float16 as it will be stored; a scale of nothing becomes one."""
    stored = scales.half().float()
    return torch.where(stored == 0, torch.ones_like(stored), stored)


def _rounded(groups: torch.Tensor, scales: torch.Tensor, low: int, high: int) -> torch.Tensor:
    return (groups / scales).round_().clamp_(low, high)


def _nibbles(values: torch.Tensor) -> NDArray[np.uint8]:
    low, high = values[:, 0::2] & 15, values[:, 1::2] & 15
    return (low | (high << 4)).to(torch.uint8).contiguous().numpy()


def _blocks(values: torch.Tensor, scales: NDArray[np.float16]) -> NDArray[np.uint8]:
    """Return int4 `values` [out, in] and `scales` [out, groups] as the kernels read them.

    One record for each 32 rows and 128 columns: first the weights + 8, two to a byte, the four of
    an even step low and those of the odd step after it high, 16 rows beside each other; then the
    rows' scales. See `tasks/kernels/blocks.hpp`.
    """
    groups = scales.shape[1]
    plus = (values + 8).to(torch.uint8).view(-1, 2, 16, groups, 16, 2, 4)
    halves = plus.permute(0, 3, 4, 1, 2, 6, 5).contiguous()
    bytes = (halves[..., 0] | (halves[..., 1] << 4)).view(-1, groups, RECORD_WEIGHTS).numpy()
    rows = np.ascontiguousarray(scales.reshape(-1, BLOCK, groups).transpose(0, 2, 1))
    return np.concatenate([bytes, rows.view(np.uint8)], axis=2).reshape(-1)


def _unpacked_blocks(packed: Packed) -> torch.Tensor:
    rows, columns = packed.shape
    groups = columns // BLOCK_GROUP
    records = np.asarray(packed.values, np.uint8).reshape(-1, groups, RECORD_WEIGHTS + 2 * BLOCK)
    bytes = torch.from_numpy(records[..., :RECORD_WEIGHTS].copy())
    halves = torch.stack([bytes & 15, bytes >> 4], -1).view(-1, groups, 16, 2, 16, 4, 2)
    values = halves.permute(0, 3, 4, 1, 2, 6, 5).reshape(rows, groups, BLOCK_GROUP).float() - 8
    scales = torch.from_numpy(records[..., RECORD_WEIGHTS:].copy().view(np.float16)).float()
    return (values * scales.permute(0, 2, 1).reshape(rows, groups, 1)).view(rows, columns)
