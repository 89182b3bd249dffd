"""Quantises rows of weights for our kernels: 4-bit integers with two levels of scales.

A weight is scale · (step · integer - offset): integers 0 to 15, a step 1 to 16 and an offset 0 to
255 for each STEP_GROUP neighbours, and a float16 scale for each record of about four such groups.
So 4.5 bits a weight give a step and a zero to every 32 weights, which costs 5 in float16.

An error counts by the importance of its column: the mean square of what the layer's input has
there, so that the layer's output changes least. Knows numbers only.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch

from tasks.engines.openvino.convert.packed_matrix import STEP_GROUP

SHRINKS = (1.0, 0.92, 0.84, 0.76)
"""Shares of a group's range that its 16 levels are tried on; weights beyond are clipped."""

TOP_STEPS = (16.0, 15.0, 14.0, 13.0, 12.0)
"""Steps that the coarsest group of a record is tried with."""

KNOWN_STEPS = tuple(top / 8 for top in range(130, 63, -1))
"""The same for groups whose steps and integers are known: these are tried without the weights."""

LEAST = 1e-12
"""Ranges and sums below are taken as this, so that nothing is divided by zero."""

Record = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
"""Integers [n, columns], steps and offsets [n, columns / STEP_GROUP], all uint8, and scales [n, 1]
float16."""


def quantise_record(
    weights: torch.Tensor,
    importance: torch.Tensor,
    known: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> Record:
    """Quantise `weights` [n, columns] float32, a record in each row, with `importance` [columns].

    Every candidate of a group's step and zero gets the integers nearest to it and then the step and
    zero that fit those best in the sense of weighted least squares. The candidates of a record's
    scale are tried with steps and offsets rounded to it. `known` are the steps, above 0, and the
    least levels of a grid of 16 levels that the weights lie on, each [n, columns / STEP_GROUP];
    they are tried too.
    """
    groups = weights.view(len(weights), -1, STEP_GROUP)
    importance = importance.view(1, -1, STEP_GROUP) + LEAST
    step, low = _fitted_groups(groups, importance)
    best = _best_of(groups, importance, step, low, _scales(step, TOP_STEPS))
    if known is not None:
        step, low = (part.unsqueeze(-1) for part in known)
        scale = _known_scale(groups, importance, step, low)
        other = _best_of(groups, importance, step, low, [scale])
        better = other[0] < best[0]
        best = tuple(torch.where(better, *pair) for pair in zip(other, best, strict=True))
    _, integers, steps, offsets = best
    # The scale that fits best to what was chosen with a slightly different one.
    levels = steps * integers - offsets
    product = (importance * levels * groups).sum((1, 2), keepdim=True)
    square = (importance * levels * levels).sum((1, 2), keepdim=True)
    scale = _stored(product / square.clamp_min(LEAST))
    integers = ((groups / scale + offsets) / steps).round_().clamp_(0, 15)
    return (
        integers.to(torch.uint8).view(weights.shape),
        steps.squeeze(-1).to(torch.uint8),
        offsets.squeeze(-1).to(torch.uint8),
        scale.view(-1, 1).half(),
    )


def _best_of(
    groups: torch.Tensor,
    importance: torch.Tensor,
    step: torch.Tensor,
    low: torch.Tensor,
    scales: Iterable[torch.Tensor],
) -> tuple[torch.Tensor, ...]:
    """Return error [n, 1, 1], integers, steps and offsets of the best of `scales` [n, 1, 1] for
    each record."""
    least = torch.full_like(step[:, :1], torch.inf)
    integers, steps, offsets = groups, step, low
    for scale in scales:
        trial = _rounded_to(scale, groups, importance, step, low)
        error = _error(scale, groups, importance, trial)
        better = error < least
        least = torch.where(better, error, least)
        integers = torch.where(better, trial[0], integers)
        steps = torch.where(better, trial[1], steps)
        offsets = torch.where(better, trial[2], offsets)
    return least, integers, steps, offsets


def _scales(step: torch.Tensor, tops: Sequence[float]) -> Iterator[torch.Tensor]:
    """Yield the scales [n, 1, 1] with which the coarsest step of a record is each of `tops`."""
    coarsest = step.amax(1, keepdim=True)
    return (_stored(coarsest / top) for top in tops)


def _known_scale(
    groups: torch.Tensor, importance: torch.Tensor, step: torch.Tensor, low: torch.Tensor
) -> torch.Tensor:
    """Return the scale [n, 1, 1] that changes weights on the grid of `step` and `low` least.

    With another step and level, a group's integers q change its weights by q·a + b, where a and b
    are the differences: its error is Σi·q²·a² + 2·Σi·q·a·b + Σi·b² over the importances i.
    """
    integers = ((groups - low) / step).round_().clamp_(0, 15)
    weighted = importance * integers
    square = (weighted * integers).sum(-1, keepdim=True)
    product, total = weighted.sum(-1, keepdim=True), importance.sum(-1, keepdim=True)
    best, least = step[:, :1], torch.full_like(step[:, :1], torch.inf)
    for scale in _scales(step, KNOWN_STEPS):
        a = (step / scale).round_().clamp_(1, 16).mul_(scale).sub_(step)
        # The level that fits best to that step.
        level = (-low + a * product / total).div_(scale).round_().clamp_(0, 255)
        b = -low - level * scale
        error = (square * a * a + 2 * product * a * b + total * b * b).sum(1, keepdim=True)
        best = torch.where(error < least, scale, best)
        least = torch.minimum(error, least)
    return best


def _fitted_groups(
    groups: torch.Tensor, importance: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the step and the least level of every group of `groups` [n, groups, STEP_GROUP]."""
    lowest = groups.amin(-1, keepdim=True).clamp_max(0)
    highest = groups.amax(-1, keepdim=True).clamp_min(0)
    total = importance.sum(-1, keepdim=True)
    mean = (importance * groups).sum(-1, keepdim=True) / total
    best_step, best_low, most = lowest, lowest, torch.full_like(lowest, -1)
    for shrink in SHRINKS:
        step = ((highest - lowest) * (shrink / 15)).clamp_min(LEAST)
        q = ((groups - lowest * shrink) / step).round_().clamp_(0, 15)
        weighted = importance * q
        level = weighted.sum(-1, keepdim=True) / total
        square = (weighted * q).sum(-1, keepdim=True) - level * level * total
        product = (weighted * groups).sum(-1, keepdim=True) - level * mean * total
        # The fitted line leaves the error Σw(g - mean)² - product² / square.
        explained = product * product / square.clamp_min(LEAST)
        fitted = product / square.clamp_min(LEAST)
        better = (explained > most) & (fitted > 0)
        most = torch.where(better, explained, most)
        best_step = torch.where(better, fitted, best_step)
        best_low = torch.where(better, mean - fitted * level, best_low)
    return best_step.clamp_min(LEAST), best_low.clamp_max(0)


def _rounded_to(
    scale: torch.Tensor,
    groups: torch.Tensor,
    importance: torch.Tensor,
    step: torch.Tensor,
    low: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return integers, steps and offsets of `groups` as whole multiples of `scale`, float32."""
    steps = (step / scale).round().clamp(1, 16)
    offsets = (-low / scale).round().clamp(0, 255)
    scaled = groups / scale
    integers = ((scaled + offsets) / steps).round_().clamp_(0, 15)
    # The offset that fits those integers best.
    distance = (importance * (steps * integers - scaled)).sum(-1, keepdim=True)
    offsets = (distance / importance.sum(-1, keepdim=True)).round_().clamp_(0, 255)
    integers = ((scaled + offsets) / steps).round_().clamp_(0, 15)
    return integers, steps, offsets


def _error(
    scale: torch.Tensor,
    groups: torch.Tensor,
    importance: torch.Tensor,
    trial: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> torch.Tensor:
    """Return each record's weighted squared error, [n, 1, 1]."""
    integers, steps, offsets = trial
    difference = groups - (steps * integers - offsets) * scale
    return (importance * difference * difference).sum((1, 2), keepdim=True)


def _stored(scales: torch.Tensor) -> torch.Tensor:
    """Return `scales` as float16 will keep them, in float32; 1 for those that become 0."""
    stored = scales.half().float()
    return torch.where(stored == 0, torch.ones_like(stored), stored)
