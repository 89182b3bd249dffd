"""Quantises groups of weights: integers of 4 or 8 bits with a scale for each group.

Every function takes weights [n, group] float32, a group in each row, and returns integers [n,
group] int8 and scales [n, 1] first. Scales are symmetric (no zero) where possible, because the
CPU's fast kernels multiply integers without a zero. Knows numbers only.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

Quantise = Callable[[torch.Tensor], tuple[torch.Tensor, ...]]

SLICE_WEIGHTS = 1 << 18
"""Weights quantised at a time: a megabyte of float32, which stays in a core's cache."""

INT4_TRIALS = tuple(8.0 + step / 4 for step in range(-5, 6))
"""Levels, 6.75 to 9.25, that the largest weight of a group is tried at; above 8 it is clipped to
-8, which leaves smaller steps for the others."""


LEAST = 1e-12
"""Importances and their sums are at least this, so that nothing is divided by zero."""


def in_slices(rows: torch.Tensor, quantise: Quantise) -> tuple[torch.Tensor, ...]:
    """Quantise `rows` [n, columns] of any float type slice by slice, in parallel.

    Only slices are ever held as float32.
    """
    step = max(1, SLICE_WEIGHTS // rows.shape[1])

    def run(start: int) -> tuple[torch.Tensor, ...]:
        return quantise(rows[start : start + step].float())

    slices = in_parallel(run, range(0, len(rows), step))
    return tuple(torch.cat(results) for results in zip(*slices, strict=True))


def in_parallel(run: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return the results of `run` for all items, in their order.

    Our own threads share the items, and torch computes each item on one thread: torch's threads
    wait for one another after every operation, which takes ten times as long when other programs
    use the cores too. What `run` itself does in parallel is done one by one.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        return list(map(run, items))
    try:
        with ThreadPoolExecutor(threads, "quantise", torch.set_num_threads, (1,)) as pool:
            return list(pool.map(run, items))
    finally:
        torch.set_num_threads(threads)


def plain_int4(groups: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise with the largest weight at level 7; scales are float16.

    Not used for models: the plain way that `searched_int4` is compared with.
    """
    scales = _stored_scales(groups.abs().amax(-1, keepdim=True) / 7)
    return _rounded(groups, scales, -8, 7).to(torch.int8), scales.half()


def searched_int4(
    groups: torch.Tensor, importance: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise with the scale of least squared error among `INT4_TRIALS`; scales are float16.

    `importance` [n, group] float32 says how much each weight's error counts; None: all alike.

    The weight of largest magnitude gets the sign of level -8, so that all 16 levels are used (as in
    llama.cpp's Q4_0). Each trial's integers q get the scale that fits them best in the sense of
    least squares, Σiwq / Σiq², and the best trial is kept.
    """
    if importance is None:
        importance = torch.ones_like(groups)
    importance = importance + LEAST
    weighted = importance * groups
    largest = groups.gather(-1, groups.abs().argmax(-1, keepdim=True))
    best, most = torch.ones_like(largest), torch.full_like(largest, -1.0)
    for level in INT4_TRIALS:
        q = _rounded(groups, _stored_scales(largest / -level), -8, 7)
        product = (weighted * q).sum(-1, keepdim=True)
        square = (importance * q * q).sum(-1, keepdim=True).clamp_min(LEAST)
        # With the fitted scale the squared error is Σiw² - (Σiwq)² / Σiq²: the larger the second
        # term, the smaller the error.
        explained = product.square() / square
        better = explained > most
        best = torch.where(better, product / square, best)
        most = torch.maximum(most, explained)
    best = _stored_scales(best)
    return _rounded(groups, best, -8, 7).to(torch.int8), best.half()


def plain_int8(groups: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Quantise with the largest weight at level 127; scales are float16."""
    scales = _stored_scales(groups.abs().amax(-1, keepdim=True) / 127)
    return _rounded(groups, scales, -127, 127).to(torch.int8), scales.half()


def affine_int8(groups: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Quantise with the least weight at level -128 and the largest at 127.

    Returns integers, scales and zeros, both [n, 1] float32, and by how much each group's squared
    error is smaller than with `plain_int8`, [n, 1].
    """
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    scales = torch.where(high > low, (high - low) / 255, torch.ones_like(low))
    zeros = -128 - low / scales
    integers = (groups / scales + zeros).round_().clamp_(-128, 127)
    error = (groups - (integers - zeros) * scales).square().sum(-1, keepdim=True)
    plain, plain_scales = plain_int8(groups)
    plain_error = (groups - plain * plain_scales.float()).square().sum(-1, keepdim=True)
    return integers.to(torch.int8), scales, zeros, plain_error - error


def _stored_scales(scales: torch.Tensor) -> torch.Tensor:
    """Return `scales` as float16 will keep them, in float32; 1 for those that become 0."""
    stored = scales.half().float()
    return torch.where(stored == 0, torch.ones_like(stored), stored)


def _rounded(groups: torch.Tensor, scales: torch.Tensor, low: int, high: int) -> torch.Tensor:
    """Return the integers of `groups` [n, group] nearest to weight / scale, float32."""
    return (groups / scales).round_().clamp_(low, high)
