"""Packing: what comes out is close to what went in, in every format."""

import numpy as np
import pytest
import torch

from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.packed_matrix import Format, packed_bytes
from tests.tasks.engines.openvino.convert.quantise.test_groups import error, weights


@pytest.mark.parametrize(
    ("format", "group", "most"),
    [
        ("bf16", 256, 1e-5),
        ("int8", 256, 1e-4),
        ("int4", 128, 0.01),
        ("blocks", 128, 0.006),
    ],
)
def test_a_matrix_comes_back_nearly_as_it_was(format: Format, group: int, most: float) -> None:
    original = weights()

    packed = pack(original, format, group)

    assert error(original, unpack(packed)) < most
    assert packed.bytes == packed_bytes(format, packed.shape, group)


def test_int4_uses_every_level_and_packs_the_earlier_weight_low() -> None:
    original = torch.tensor([[-8.0, 7.0] + [0.0, 1.0] * 15])

    packed = pack(original, "int4", 32)

    assert torch.equal(unpack(packed), original)
    assert int(np.asarray(packed.values)[0, 0]) == 0x78  # 7 above, -8 below


@pytest.mark.parametrize("columns", [128, 192, 256, 320])
def test_blocks_hold_every_weight_in_its_place(columns: int) -> None:
    """A weight that stands out in each place is found there again."""
    for place in range(0, 32 * columns, 97):
        original = torch.zeros(32, columns)
        original.view(-1)[place] = 1.0

        found = unpack(pack(original, "blocks", 128))

        assert torch.allclose(found, original, atol=1e-3), divmod(place, columns)


def test_blocks_take_four_and_a_half_bits() -> None:
    assert packed_bytes("blocks", (4096, 4096), 128) * 8 == 4.5 * 4096 * 4096
    assert packed_bytes("blocks", (576, 576), 128) * 8 < 4.5 * 576 * 576


@pytest.mark.parametrize("format", ["int4", "blocks"])
def test_weights_in_an_important_column_come_back_more_exactly(format: Format) -> None:
    original = weights()
    importance = torch.ones(256)
    importance[77] = 1000.0

    plain = unpack(pack(original, format, 128))
    calibrated = unpack(pack(original, format, 128, importance))

    assert error(original[:, 77], calibrated[:, 77]) < 0.5 * error(original[:, 77], plain[:, 77])


@pytest.mark.parametrize("format", ["int4", "int8"])
def test_weights_of_nothing_stay_nothing(format: Format) -> None:
    assert not unpack(pack(torch.zeros(2, 64), format, 32)).any()


def test_bf16_weights_are_kept_bit_for_bit() -> None:
    original = weights().bfloat16()

    assert torch.equal(unpack(pack(original, "bf16", 256)).bfloat16(), original)


def test_what_lay_on_a_grid_already_comes_back_unharmed() -> None:
    """Q4_1 of GGUF: sixteen levels from a least weight on, in groups of 32."""
    random = torch.Generator().manual_seed(0)
    levels = torch.randint(0, 16, (64, 8, 32), generator=random)
    levels[..., 0], levels[..., 1] = 0, 15  # the least and the largest weight are exact there
    steps = torch.rand(64, 8, 1, generator=random) * 0.01 + 0.001
    original = (levels * steps - 7.3 * steps).reshape(64, 256)

    packed = pack(original, "int8", 32)

    assert packed.zeros.size
    assert error(original, unpack(packed)) < 1e-10
