"""Columns that make up for one another's errors change a layer's output less than nearest ones."""

import torch

from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.quantise.feedback import rounded

RANDOM = torch.Generator().manual_seed(3)


def correlated(tokens: int, columns: int) -> torch.Tensor:
    """Inputs [tokens, columns] in which neighbouring columns say nearly the same."""
    few = torch.randn(tokens, columns // 8, generator=RANDOM)
    mixed = few @ torch.randn(columns // 8, columns, generator=RANDOM)
    return mixed + 0.1 * torch.randn(tokens, columns, generator=RANDOM)


def test_what_is_packed_with_the_inputs_gives_the_output_nearly() -> None:
    x = correlated(2048, 256)
    weight = torch.randn(64, 256, generator=RANDOM)
    gram = x.T @ x
    kept = gram.clone()
    for format in ("blocks", "int4"):
        plain = unpack(pack(weight, format, 128, gram.diagonal() / gram.diagonal().mean()))
        fed = unpack(pack(weight, format, 128, gram=gram))

        errors = [float(((made - weight) @ x.T).square().mean()) for made in (plain, fed)]

        assert errors[1] < 0.3 * errors[0], format
        # It is paid for with weights that are further off.
        assert (fed - weight).square().mean() > (plain - weight).square().mean()
    assert torch.equal(gram, kept)


def test_columns_that_have_nothing_in_common_are_rounded_to_the_nearest() -> None:
    weight = torch.randn(5, 64, generator=RANDOM)
    steps, lows = torch.full((5, 2), 0.25), torch.full((5, 2), -1.5)

    integers = rounded(weight, steps, lows, (0, 15), torch.eye(64) * torch.arange(1.0, 65))

    nearest = ((weight + 1.5) / 0.25).round().clamp(0, 15)
    assert torch.equal(integers.float(), nearest)


def test_inputs_that_say_little_are_no_obstacle() -> None:
    """Fewer tokens than columns, a column that is always 0: the Gram matrix has no inverse."""
    x = torch.randn(3, 64, generator=RANDOM)
    x[:, 7] = 0
    weight = torch.randn(4, 64, generator=RANDOM)

    for gram in (x.T @ x, torch.zeros(64, 64)):
        made = unpack(pack(weight.repeat(8, 1), "int4", 64, gram=gram))
        assert (made - weight.repeat(8, 1)).abs().max() < 1
