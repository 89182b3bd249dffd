"""Rows of weights as GGUF stores them in blocks: as a grid, or as floats.

Q4_0 has 32 integers q of 4 bits and a scale d: d · (q - 8). Q4_1 has a least weight m besides:
d · q + m. Q8_0 has 32 integers of 8 bits: d · q. Q4_K has 256 integers of 4 bits, and for each 32
of them 6 bits s and 6 bits t, with d and e for all: d · s · q - e · t. d, e and m are float16.
Source: `ggml-common.h` and `dequantize_row_q4_K` in llama.cpp. All others become floats by the
package `gguf`.
"""

from collections.abc import Callable

import numpy as np
import torch
from gguf.constants import GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray

from tasks.engines.openvino.convert.sources.grid import Grid

Bytes = NDArray[np.uint8]

SLICE_WEIGHTS = 1 << 24
"""Weights turned to floats at a time."""

BITS = {"Q4_0": 4, "Q4_1": 4, "Q4_K": 4, "Q8_0": 8}
"""The kinds that are read as a grid, and the bits of their integers."""

GROUP = 32
"""Neighbours that share a scale in all of those."""


def grid_of(kind: str, rows: Bytes) -> Grid:
    """Return the grid of `rows` [out, bytes] of one of the kinds in `BITS`."""
    return READERS[kind](rows)


def floats_of(kind: str, rows: Bytes) -> torch.Tensor:
    """Return `rows` [out, bytes] of any kind as [out, in] of a float type that keeps them; float16
    for those of integers, whose scales have no more digits.

    Raises:
        NotImplementedError: the package `gguf` does not know the kind.
    """
    plain = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    if kind in plain:
        return torch.from_numpy(np.array(rows)).view(plain[kind])
    type = GGMLQuantizationType[kind]
    first = dequantize(rows[:1], type)
    result = torch.empty(len(rows), first.shape[-1], dtype=torch.float16)
    step = max(1, SLICE_WEIGHTS // first.shape[-1])
    for start in range(0, len(rows), step):
        part = dequantize(rows[start : start + step], type)
        result[start : start + step] = torch.from_numpy(part)
    return result


def _q4_0(rows: Bytes) -> Grid:
    blocks = rows.reshape(len(rows), -1, 18)
    scales = _half(blocks[..., :2])
    return Grid(4, _two_halves(blocks[..., 2:]), scales, torch.full_like(scales, 8))


def _q4_1(rows: Bytes) -> Grid:
    blocks = rows.reshape(len(rows), -1, 20)
    return _from_least(
        _two_halves(blocks[..., 4:]), _half(blocks[..., :2]), _half(blocks[..., 2:4])
    )


def _q8_0(rows: Bytes) -> Grid:
    blocks = rows.reshape(len(rows), -1, 34)
    scales = _half(blocks[..., :2])
    integers = torch.from_numpy(blocks[..., 2:] ^ np.uint8(128)).view(len(rows), -1)
    return Grid(8, integers, scales, torch.full_like(scales, 128))


def _q4_k(rows: Bytes) -> Grid:
    blocks = rows.reshape(len(rows), -1, 144)
    scale, level = _half(blocks[..., :2])[..., None], _half(blocks[..., 2:4])[..., None]
    # Twelve bytes: of the first four scales, of the first four levels, and of the others the lower
    # 4 bits side by side; their upper 2 bits stand above those of the first.
    low, middle, both = (torch.from_numpy(np.array(blocks[..., n : n + 4])) for n in (4, 8, 12))
    steps = torch.cat([low & 63, (both & 15) | ((low >> 6) << 4)], -1)
    levels = torch.cat([middle & 63, (both >> 4) | ((middle >> 6) << 4)], -1)
    # Of each 32 bytes the lower halves are 32 weights, the upper halves the next 32.
    halves = blocks[..., 16:].reshape(len(rows), -1, 32)
    return _from_least(
        _two_halves(halves),
        (scale * steps.float()).reshape(len(rows), -1),
        (level * -levels.float()).reshape(len(rows), -1),
    )


READERS: dict[str, Callable[[Bytes], Grid]] = {
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q4_K": _q4_k,
    "Q8_0": _q8_0,
}


def _half(bytes: Bytes) -> torch.Tensor:
    """Return the float16 in `bytes` [out, blocks, 2] as [out, blocks] float32."""
    return torch.from_numpy(bytes.copy().view(np.float16)[..., 0].astype(np.float32))


def _two_halves(bytes: Bytes) -> torch.Tensor:
    """Return the lower halves of each block of `bytes` [out, blocks, n], then the upper ones, [out,
    blocks · 2 · n] uint8."""
    packed = torch.from_numpy(np.ascontiguousarray(bytes))
    return torch.cat([packed & 15, packed >> 4], -1).view(len(bytes), -1)


def _from_least(integers: torch.Tensor, scales: torch.Tensor, least: torch.Tensor) -> Grid:
    """Return the grid of weights scale · integer + least, with `least` [out, groups] float32."""
    nothing = scales == 0
    # A group without a scale is all `least`: -least · (0 - 1).
    zeros = torch.where(nothing, torch.ones_like(least), -least / scales.where(~nothing, 1.0))
    by_group = integers.view(len(integers), scales.shape[1], -1)
    by_group[nothing] = 0
    return Grid(4, integers, torch.where(nothing, -least, scales), zeros)
