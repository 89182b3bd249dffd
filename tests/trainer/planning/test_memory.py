"""Memory is estimated from a model's dimensions, and a training that would not fit is refused."""

import pytest
from transformers import Qwen3MoeConfig

from tests.trainer.doubles import tiny_config
from trainer.errors import MemoryTooSmall
from trainer.planning import memory
from trainer.planning.memory import Shape

SWALLOW = Shape(32, 4096, 11008, 43176, 32, 32, 128, tied=False)

EXPERTS = Shape(48, 2048, 768, 151936, 32, 4, 128, tied=False, experts=128, chosen=8)
"""Qwen3 30B-A3B."""


def test_the_7b_is_counted_to_its_real_size() -> None:
    assert SWALLOW.parameters == pytest.approx(6.83e9, rel=0.01)
    assert SWALLOW.lora_parameters(("q_proj", "v_proj"), 8) == 32 * 8 * 4 * 4096


def test_dimensions_are_read_from_a_configuration() -> None:
    shape = Shape.of(tiny_config())

    assert (shape.layers, shape.heads, shape.groups, shape.head_width) == (2, 4, 2, 8)


def test_experts_are_counted_and_take_their_full_width() -> None:
    config = Qwen3MoeConfig(num_experts=128, num_experts_per_tok=8, num_hidden_layers=48)

    assert Shape.of(config).experts == 128
    assert Shape.of(config).intermediate == 768
    assert EXPERTS.parameters == pytest.approx(30.5e9, rel=0.01)
    takes = memory.estimate(
        EXPERTS,
        precision="bf16",
        targets=("q_proj", "v_proj"),
        rank=8,
        pack_tokens=1024,
        checkpointing=True,
    )
    assert 62e9 < takes.total < 68e9


def needed(precision: str, checkpointing: bool) -> int:
    return memory.estimate(
        SWALLOW,
        precision=precision,
        targets=("q_proj", "v_proj"),
        rank=8,
        pack_tokens=1024,
        checkpointing=checkpointing,
    ).total


def test_the_7b_fits_24_gb_in_int8_and_bf16_with_checkpointing() -> None:
    assert needed("int8", False) < 16e9
    assert needed("bf16", True) < 18e9
    assert needed("fp32", False) > 30e9


def test_too_little_memory_is_refused_with_the_number_and_what_to_change() -> None:
    with pytest.raises(
        MemoryTooSmall, match=r"about 15\.0 GB .* 8\.0 GB are free; .*--micro-batch"
    ):
        memory.check(15_000_000_000, 8_000_000_000, micro_batch_size=4, precision="int8")
