"""Quantising groups of weights: the searched scales against the plain ones."""

import threading

import torch

from tasks.engines.openvino.convert.quantise.groups import in_parallel, plain_int4, searched_int4


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


def test_work_inside_of_shared_work_takes_no_more_threads() -> None:
    before = torch.get_num_threads()

    def inner(item: int) -> list[tuple[int, int]]:
        return in_parallel(lambda other: (item + other, threading.get_ident()), range(3))

    found = in_parallel(inner, range(4))

    assert [[number for number, _ in part] for part in found] == [
        [item + other for other in range(3)] for item in range(4)
    ]
    assert all(len({thread for _, thread in part}) == 1 for part in found)
    assert torch.get_num_threads() == before
