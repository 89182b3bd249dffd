"""What the linear layers of a model get as input: the importance of each column of their matrices.

A column that is multiplied by large values needs its weights exactly, one that is multiplied by
nothing does not. One pass over a short text measures it, with one matrix in memory at a time.
Knows texts and transformers' modules; does not know how the importance is used.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tasks.engines.openvino.convert.calibration.streamed import Streamed
from tasks.engines.openvino.convert.checkpoint import Checkpoint

if TYPE_CHECKING:
    import torch

TOKENS = 2048
"""Tokens that are read. More gained nothing that was worth its time: at 7B these take about two
minutes on two cores."""

ENOUGH = 32
"""Tokens of which an expert's own importance is taken. The input of one that gets fewer is taken
from all experts of its block; inside, nothing is known of it then."""

EXPERT = re.compile(r"(?P<block>.+)\.experts\.\d+\.(?P<projection>\w+)")
"""The name in the checkpoint of a linear layer of an expert."""

Importance = dict[str, "torch.Tensor"]
"""The mean square of a linear layer's input in each column, as a share of the mean over all
columns: [in] float32, by the layer's name in the checkpoint."""


def calibrate(
    checkpoint: Checkpoint, ids: "torch.Tensor", dtype: Any, on_block: Callable[[int], None]
) -> Importance:
    """Return the importance of the columns of all linear layers on the token ids [pieces, tokens].

    The model is computed in `dtype`. `on_block` is called before each block, with its number.

    Raises:
        ModelUnsupported: its matrices cannot be loaded one by one.
    """
    model = Streamed(checkpoint, dtype, on_block)
    measured = {name: _Measure(module) for name, module in model.linears()}
    model.hidden(ids)
    squares = _with_experts_of_few_tokens(measured)
    return {name: square / square.mean().clamp_min(1e-30) for name, square in squares.items()}


class _Measure:
    """Keeps the sums over all tokens of the squares that a linear layer is called with.

    `squares` are zeros where it never is, as for an expert that no token is given to.
    """

    def __init__(self, module: Any) -> None:
        import torch

        self.tokens = 0
        self.squares = torch.zeros(module.in_features)
        module.register_forward_pre_hook(self)

    def __call__(self, _: Any, arguments: tuple["torch.Tensor"]) -> None:
        x = arguments[0].float()
        self.tokens += x.shape[:-1].numel()
        self.squares += x.square().sum(tuple(range(x.ndim - 1)))


def _with_experts_of_few_tokens(measured: dict[str, _Measure]) -> Importance:
    """Return the squares of all linear layers but those of which too little is known."""
    inputs: Importance = {}
    for name, measure in measured.items():
        if (expert := EXPERT.fullmatch(name)) and expert["projection"] == "gate_proj":
            block = expert["block"]
            inputs[block] = inputs.get(block, 0) + measure.squares
    squares: Importance = {}
    for name, measure in measured.items():
        expert = EXPERT.fullmatch(name)
        if expert is None or measure.tokens >= ENOUGH:
            squares[name] = measure.squares
        elif expert["projection"] != "down_proj":
            squares[name] = inputs[expert["block"]]
    return squares
