"""What is known of the input of experts that few tokens of the calibration's text reach."""

import torch

from tasks.engines.openvino.convert.calibration.importance import (
    ENOUGH,
    _Measure,
    _with_experts_of_few_tokens,
)


def measured(inputs: torch.Tensor) -> _Measure:
    """Return the measure of a linear layer that was called with `inputs` [tokens, 4]."""
    linear = torch.nn.Linear(4, 4)
    measure = _Measure(linear)
    if len(inputs):
        linear(inputs)
    return measure


def test_experts_of_few_tokens_get_the_input_of_all_and_nothing_inside() -> None:
    many, few = 2 * torch.ones(ENOUGH, 4), torch.ones(ENOUGH - 1, 4)
    block = "model.layers.1.mlp.experts"
    squares = _with_experts_of_few_tokens(
        {
            "model.layers.1.self_attn.q_proj": measured(few),
            f"{block}.0.gate_proj": measured(many),
            f"{block}.0.down_proj": measured(many),
            f"{block}.1.gate_proj": measured(few),
            f"{block}.1.up_proj": measured(few),
            f"{block}.1.down_proj": measured(few),
            f"{block}.2.up_proj": measured(few[:0]),
        }
    )

    whole = 4 * torch.ones(4) * ENOUGH + torch.ones(4) * (ENOUGH - 1)
    assert set(squares) == {
        "model.layers.1.self_attn.q_proj",
        *(f"{block}.{name}" for name in ("0.gate_proj", "0.down_proj")),
        *(f"{block}.{name}" for name in ("1.gate_proj", "1.up_proj", "2.up_proj")),
    }
    assert torch.equal(squares[f"{block}.0.gate_proj"], 4 * torch.ones(4) * ENOUGH)
    for name in ("1.gate_proj", "1.up_proj", "2.up_proj"):
        assert torch.equal(squares[f"{block}.{name}"], whole)
