"""The speed of a model that is not there, from two layers of its shape."""

import pytest

from tests.trainer import doubles
from trainer.data.packing import pack
from trainer.model.speed_estimate import tokens_per_second


@pytest.mark.parametrize("kind", doubles.KINDS)
def test_a_speed_is_measured_without_weights(kind: str) -> None:
    (measured, *_) = pack(doubles.random_rows(8), limit=400)
    config = doubles.tiny_config(kind, vocab_size=10_000, pad_token_id=9_999)

    speed = tokens_per_second(
        config,
        measured,
        precision="fp32",
        targets=("q_proj",),
        rank=4,
        checkpointing=kind == "llama",
    )

    assert 1 < speed < 1e7
    assert (config.num_hidden_layers, config.vocab_size) == (2, 10_000)
