"""Quantising groups of weights: the searched scales against the plain ones."""

import torch

from tasks.engines.openvino.convert.quantise.groups import plain_int4, searched_int4


def weights(rows: int = 64, columns: int = 256) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(0)) * 0.02


def error(original: torch.Tensor, other: torch.Tensor) -> float:
    """Return the error's energy as a share of the original's."""
    return float((original - other).square().sum() / original.square().sum())


def test_searched_scales_have_a_fifth_less_error_than_plain_ones() -> None:
    groups = weights().view(-1, 128)
    plain, plain_scales = plain_int4(groups)
    searched, searched_scales = searched_int4(groups)

    before = error(groups, plain * plain_scales.float())
    after = error(groups, searched * searched_scales.float())

    assert after < 0.8 * before
