"""Attention of packs, in fp32 where the CPU has no bf16: the same numbers by other products."""

import pytest
import torch

from trainer.model import attention

HEADS, WIDTH = 4, 16


@pytest.mark.parametrize("groups", [4, 2, 1])
@pytest.mark.parametrize("lengths", [(0, 5, 1, 9), (7, 5, 1, 9), (3,)])
def test_bf16_computed_in_fp32_is_as_near_to_fp32_as_bf16_itself(
    groups: int, lengths: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = _results(lengths, groups, torch.float32)
    monkeypatch.setattr(attention, "_bf16_is_fast", lambda: True)
    plain = _results(lengths, groups, torch.bfloat16)
    monkeypatch.setattr(attention, "_bf16_is_fast", lambda: False)
    converted = _results(lengths, groups, torch.bfloat16)
    for name in exact:
        assert converted[name].dtype is torch.bfloat16
        assert converted[name].shape == plain[name].shape
        assert _distance(converted[name], exact[name]) <= 1.2 * _distance(plain[name], exact[name])
        assert _distance(converted[name], exact[name]) < 0.01


def _results(lengths: tuple[int, ...], groups: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Return the output and the gradients of query, key and value, of the same bf16 numbers."""
    random = torch.Generator().manual_seed(sum(lengths))
    query, key, value, weight = (
        torch.randn(1, count, sum(lengths), WIDTH, generator=random).bfloat16()
        for count in (HEADS, groups, groups, HEADS)
    )
    query, key, value = (part.to(dtype).requires_grad_() for part in (query, key, value))
    output, _ = attention.packed_attention(
        torch.nn.Module(), query, key, value, None, lengths=lengths
    )
    sum_of_all = (output * weight.transpose(1, 2)).sum()
    gradients = torch.autograd.grad(sum_of_all, (query, key, value))
    names = ("query", "key", "value")
    return {"output": output.detach(), **dict(zip(names, gradients, strict=True))}


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.float() - other).norm() / other.norm())
