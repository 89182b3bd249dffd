"""Rounds a matrix column by column, and lets the columns still to come make up for each error.

This is GPTQ (Frantar et al. 2022, arXiv 2210.17323) on steps that were chosen before, in the order
of the columns' importance: `gram` is the sum of x·xᵀ over the inputs x of the layer, and the error
that counts is that of the layer's output. Knows numbers only.
"""

import torch

DAMPING = 0.01
"""Share of the mean of the Gram matrix's diagonal that is added to it: the calibration's texts are
short, and without it weights would be fitted to them alone."""

COLUMNS = 128
"""Columns that are rounded before the others are updated, in one product of matrices."""


def rounded(
    weight: torch.Tensor,
    steps: torch.Tensor,
    lows: torch.Tensor,
    levels: tuple[int, int],
    gram: torch.Tensor,
) -> torch.Tensor:
    """Return the integers of `weight` [out, in], within `levels`, [out, in] int8.

    A weight is step · integer + low, with `steps` and `lows` [out, groups] float32 for groups of
    equally many neighbours. `gram` is [in, in] float32.
    """
    order = gram.diagonal().argsort(descending=True)
    factor = _factor(gram[order][:, order])
    group = weight.shape[1] // steps.shape[1]
    rest = weight.T[order].float()  # [in, out], so that a column's weights are neighbours
    steps, lows = steps.T.contiguous(), lows.T.contiguous()
    integers = torch.empty(rest.shape, dtype=torch.int8)
    for start in range(0, len(rest), COLUMNS):
        end = min(start + COLUMNS, len(rest))
        errors = torch.empty(end - start, rest.shape[1])
        for place in range(start, end):
            column, index = rest[place], int(order[place])
            step, low = steps[index // group], lows[index // group]
            chosen = ((column - low) / step).round_().clamp_(*levels)
            error = (column - (step * chosen + low)) / factor[place, place]
            rest[place + 1 : end].addr_(factor[place, place + 1 : end], error, alpha=-1)
            integers[index] = chosen.to(torch.int8)
            errors[place - start] = error
        rest[end:].addmm_(factor[start:end, end:].T, errors, alpha=-1)
    return integers.T


def _factor(gram: torch.Tensor) -> torch.Tensor:
    """Return the upper triangular U with Uᵀ·U the inverse of the damped `gram`, both [in, in]."""
    damping = float(DAMPING * gram.diagonal().mean().clamp_min(1e-30))
    failed = torch.ones(())
    while failed:
        gram.diagonal().add_(damping)
        # Of the reversed matrix, so that the factor turned back is upper triangular, and with it
        # its inverse.
        lower, failed = torch.linalg.cholesky_ex(gram.flip(0, 1))
        damping *= 10
    unit = torch.eye(len(gram))
    factor: torch.Tensor = torch.linalg.solve_triangular(lower.flip(0, 1), unit, upper=True)
    return factor
