"""Checks a library of kernels: `python -m tasks.engines.openvino.kernels.check FILE`.

Every operation is computed with and without an adapter, for numbers of tokens that reach every
branch, and compared with numpy, where activations are rounded to 8 bits as well. The exit code is 0
if all is right, 1 if a result is wrong, 2 if the library cannot be loaded.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch
from numpy.typing import NDArray
from openvino import opset15 as op
from openvino.utils.node_factory import NodeFactory
from safetensors.numpy import save

from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.packed_matrix import PackedMatrix, record_widths
from tasks.engines.openvino.kernels.active_adapter import ActiveAdapter
from tasks.engines.openvino.kernels.build import EXIT_UNLOADABLE, EXIT_WRONG
from trainer.adapters.adapter import PROJECTIONS

WIDTH, NARROW, WIDE, RANK, SCALE, EPSILON = 320, 64, 384, 3, 0.5, 1e-5
EXPERTS, CHOSEN, EXPERT_WIDE = 5, 2, 192
TOKENS = (1, 2, 3, 4, 5, 6, 7, 13, 97, 200)
TOLERANCE = 0.005
"""Largest allowed error as a share of the largest value. Values that are rounded the other way stay
below; one misplaced weight gives more than 0.1."""

Floats = NDArray[np.float32]


def main(file: Path) -> int:
    """Return the exit code; the first difference is printed on standard error."""
    random = np.random.default_rng(1)
    shapes = (  # [out, in] of each of PROJECTIONS
        *((WIDTH, WIDTH), (NARROW, WIDTH), (NARROW, WIDTH), (WIDTH, WIDTH)),
        *((WIDE, WIDTH), (WIDE, WIDTH), (WIDTH, WIDE)),
    )
    packed = [pack(torch.from_numpy(_normal(random, shape)), "blocks", 128) for shape in shapes]
    norm = 1 + _normal(random, (WIDTH,))
    experts = _Experts(random)
    adapter_halves = [(_normal(random, (RANK, i)), _normal(random, (o, RANK))) for o, i in shapes]
    names = [f"model.layers.0.{name}" for name in PROJECTIONS]
    try:
        adapter = ActiveAdapter(file, dict(zip(names, map(list, shapes), strict=True)))
    except OSError as unloadable:
        print(unloadable, file=sys.stderr)
        return EXIT_UNLOADABLE
    compiled = _compiled(file, packed, norm, experts)
    for halves in (None, adapter_halves, None):
        adapter.clear()
        if halves:
            adapter.use(_saved(names, halves), "", SCALE)
        layers = [
            _Layer(unpack(matrix).numpy(), halves[i] if halves else None)
            for i, matrix in enumerate(packed)
        ]
        for tokens in TOKENS:
            x = 20 * _normal(random, (tokens, WIDTH))
            expected = _expected(x, norm, layers, experts)
            for what, got in enumerate(compiled(x[None]).values()):
                error = np.abs(got[0] - expected[what]).max() / np.abs(expected[what]).max()
                if not error < TOLERANCE:
                    print(f"output {what} of {tokens} tokens: off by {error:.4f}", file=sys.stderr)
                    return EXIT_WRONG
    return 0


def _normal(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return random.normal(0, 0.1, shape).astype(np.float32)


def _saved(names: list[str], halves: list[tuple[Floats, Floats]]) -> bytes:
    return save(
        {
            f"{name}.lora_{side}.weight": half
            for name, pair in zip(names, halves, strict=True)
            for side, half in zip("AB", pair, strict=True)
        }
    )


class _Experts:
    """Random experts, and a router that prefers some of them."""

    def __init__(self, random: np.random.Generator) -> None:
        self.router = _normal(random, (EXPERTS, WIDTH))
        shapes = ((EXPERT_WIDE, WIDTH), (EXPERT_WIDE, WIDTH), (WIDTH, EXPERT_WIDE))
        self.matrices = [
            [pack(torch.from_numpy(_normal(random, shape)), "blocks", 128) for _ in range(EXPERTS)]
            for shape in shapes
        ]
        self.layers = [
            [_Layer(unpack(m).numpy(), None) for m in of_all] for of_all in self.matrices
        ]

    def stacked(self) -> list[Any]:
        """Return gate, up and down of all experts, one expert's after another's, as constants."""
        return [op.constant(np.concatenate([m.values for m in of_all])) for of_all in self.matrices]

    def __call__(self, x: Floats, *, normalised: bool) -> Floats:
        """Return what the experts add for the normalised x [tokens, WIDTH]."""
        scores = np.exp(x @ self.router.T)
        chosen = np.argsort(-scores, axis=-1)[:, :CHOSEN]
        counts = np.take_along_axis(scores, chosen, -1)
        counts = counts / (counts if normalised else scores).sum(-1, keepdims=True)
        result = np.zeros_like(x)
        for expert, (gate, up, down) in enumerate(zip(*self.layers, strict=True)):
            count = np.where(chosen == expert, counts, 0).sum(-1, keepdims=True)
            result += count * _feed_forward(x, gate, up, down)
        return result


def _compiled(file: Path, packed: list[PackedMatrix], norm: Floats, experts: _Experts) -> Any:
    """Return a model of all operations: x [batch, tokens, WIDTH] to their seven outputs."""
    factory = NodeFactory()
    factory.add_extension(str(file))
    x = op.parameter(ov.PartialShape([-1, -1, WIDTH]), ov.Type.f32)
    blocks = [op.constant(np.ascontiguousarray(matrix.values)) for matrix in packed]
    attributes = {"layer": 0, "epsilon": EPSILON}
    nodes = (
        factory.create("Projections", [x, op.constant(norm), *blocks[:3]], attributes),
        factory.create("Joined", [x, x, blocks[3]], attributes),
        factory.create("FeedForward", [x, op.constant(norm), *blocks[4:]], attributes),
        *(
            factory.create(
                "Experts",
                [x, op.constant(norm), op.constant(experts.router), *experts.stacked()],
                attributes | {"chosen": CHOSEN, "normalised": normalised},
            )
            for normalised in (True, False)
        ),
    )
    results = [op.result(output) for node in nodes for output in node.outputs()]
    core = ov.Core()
    core.add_extension(str(file))
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    return core.compile_model(ov.Model(results, [x], "check"), "CPU", exact)


class _Layer:
    """A linear layer of weights [out, in], with an adapter's A [rank, in] and B [out, rank].

    Called with x [tokens, in], it returns [tokens, out].
    """

    def __init__(self, weights: Floats, halves: tuple[Floats, Floats] | None) -> None:
        self.weights = weights
        self.halves = halves

    def __call__(self, x: Floats) -> Floats:
        y = _rounded(x) @ self.weights.T
        if self.halves:
            y = y + SCALE * (x @ self.halves[0].T) @ self.halves[1].T
        return np.asarray(y, np.float32)


def _rounded(x: Floats) -> Floats:
    """Return x [tokens, columns] with each token's part of a record rounded to 8 bits."""
    result, start = x.copy(), 0
    for width in record_widths(x.shape[1]):
        part = x[:, start : start + width]
        largest = np.abs(part).max(-1, keepdims=True)
        result[:, start : start + width] = np.round(part * (127 / largest)) * (largest / 127)
        start += width
    return result


def _expected(x: Floats, norm: Floats, layers: list[_Layer], experts: _Experts) -> list[Floats]:
    """Return the outputs that the operations should have for x [tokens, WIDTH], in their order."""
    q, k, v, o, gate, up, down = layers
    square = np.mean(np.square(x), axis=-1, keepdims=True)
    normed = np.asarray(x / np.sqrt(square + EPSILON) * norm, np.float32)
    return [
        *(q(normed), k(normed), v(normed), x + o(x), x + _feed_forward(normed, gate, up, down)),
        *(x + experts(normed, normalised=normalised) for normalised in (True, False)),
    ]


def _feed_forward(x: Floats, gate: _Layer, up: _Layer, down: _Layer) -> Floats:
    gates = gate(x)
    return down(np.asarray(gates / (1 + np.exp(-gates)) * up(x), np.float32))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
