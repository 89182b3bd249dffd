"""Matrices that are quantised already are packed without a second loss where that is possible."""

import pytest
import torch

from tasks.engines.openvino.convert.on_grid import packed_on_grid
from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.packed_matrix import Format
from tasks.engines.openvino.convert.sources.grid import Grid
from tests.tasks.engines.openvino.convert.quantise.test_groups import error


def grid(group: int, *, symmetric: bool = False, bits: int = 4, columns: int = 384) -> Grid:
    """Return a grid with weights as a model has them: many small ones, few large ones."""
    random = torch.Generator().manual_seed(3)
    most = (1 << bits) - 1
    middle, groups = (most + 1) // 2, columns // group
    spread = torch.randn(64, columns, generator=random) * most / 5
    integers = (spread + middle).round().clamp(0, most).to(torch.uint8)
    scales = (torch.rand(64, groups, generator=random) * 0.01 + 0.001).half().float()
    zeros = torch.full((64, groups), float(middle))
    if not symmetric:
        zeros += torch.randint(-3, 4, (64, groups), generator=random)
    return Grid(bits, integers, scales, zeros)


@pytest.mark.parametrize(
    ("format", "group", "of"),
    [
        ("blocks", 128, 128),
        ("blocks", 128, 384),
        ("int4", 128, 32),
        ("int4", 128, 384),
        ("int8", 384, 128),
        ("int8", 32, 128),
    ],
)
@pytest.mark.parametrize("symmetric", [True, False])
def test_a_grid_that_the_format_has_is_kept(
    format: Format, group: int, of: int, symmetric: bool
) -> None:
    given = grid(of, symmetric=symmetric)

    packed = packed_on_grid(given, format, group)

    assert packed is not None
    assert torch.equal(unpack(packed), given.weights())


def test_a_row_of_which_the_last_record_is_wider_is_kept_too() -> None:
    given = grid(320, columns=320)

    packed = packed_on_grid(given, "blocks", 128)

    assert packed is not None
    assert torch.equal(unpack(packed), given.weights())


def test_eight_bits_with_zeros_are_kept() -> None:
    given = grid(64, bits=8)

    packed = packed_on_grid(given, "int8", 384)

    assert packed is not None
    torch.testing.assert_close(unpack(packed), given.weights(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("of", [32, 64, 96])
@pytest.mark.parametrize("symmetric", [True, False])
def test_groups_smaller_than_a_record_lose_far_less_than_when_rounded_anew(
    of: int, symmetric: bool
) -> None:
    """A hundredth of the weights' size, where rounding them as if they had no grid takes more."""
    given = grid(of, symmetric=symmetric)
    weights = given.weights()
    importance = torch.rand(384, generator=torch.Generator().manual_seed(5)) + 0.1
    counts = importance / importance.mean()

    packed = packed_on_grid(given, "blocks", 128, importance)

    assert packed is not None
    lost = error(weights * counts.sqrt(), unpack(packed) * counts.sqrt())
    anew = unpack(pack(weights, "blocks", 128, importance))
    assert lost < 0.016**2
    assert lost < 0.25 * error(weights * counts.sqrt(), anew * counts.sqrt())


def test_scales_below_zero_count_from_the_other_end() -> None:
    given = grid(32)
    given.scales[:, ::3] *= -1

    packed = packed_on_grid(given, "blocks", 128)

    assert packed is not None
    assert error(given.weights(), unpack(packed)) < 0.015**2


@pytest.mark.parametrize(
    ("format", "of", "bits"), [("bf16", 128, 4), ("blocks", 16, 4), ("blocks", 128, 8)]
)
def test_a_grid_that_the_format_has_not_is_left_to_others(
    format: Format, of: int, bits: int
) -> None:
    assert packed_on_grid(grid(of, bits=bits), format, 128) is None


def test_scales_too_large_for_the_format_are_left_to_others() -> None:
    given = grid(128)
    given.scales[3, 1] = 1e6

    assert packed_on_grid(given, "blocks", 128) is None
