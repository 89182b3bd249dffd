"""Packing: what comes out is close to what went in, in every format."""

import numpy as np
import pytest
import torch

from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.packed_matrix import Format, packed_bytes
from tests.tasks.engines.openvino.convert.test_quantise import error, weights


@pytest.mark.parametrize(
    ("format", "group", "most"),
    [
        ("bf16", 256, 1e-5),
        ("int8", 256, 1e-4),
        ("int4", 128, 0.01),
        ("blocks", 128, 0.01),
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


def test_blocks_hold_the_same_weights_as_int4() -> None:
    original = weights()

    assert torch.equal(unpack(pack(original, "blocks", 128)), unpack(pack(original, "int4", 128)))


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
