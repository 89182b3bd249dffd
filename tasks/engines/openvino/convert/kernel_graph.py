"""The OpenVINO graph with our kernels: three operations of theirs replace most of a decoder block.

The operations and their inputs are those of `kernels/source/operations.cpp`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset15 as op
from openvino.utils.node_factory import NodeFactory

from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.graph import Graph, Node
from tasks.engines.openvino.convert.packed_matrix import PackedMatrix

FEED_FORWARD = ("gate", "up", "down")


class KernelGraph(Graph):
    """The graph of one model, whose decoder blocks our kernels compute but for attention."""

    def __init__(
        self,
        architecture: Architecture,
        matrix: Callable[[str], PackedMatrix],
        norm: Callable[[str], NDArray[np.float32]],
        kernels: Path,
    ) -> None:
        super().__init__(architecture, matrix, norm)
        self.factory = NodeFactory()
        self.factory.add_extension(str(kernels))

    def block(self, x: Node, layer: int) -> Node:
        """Apply one decoder block to x [batch, tokens, hidden] with our three operations."""
        name = f"model.layers.{layer}"
        attributes = {"layer": layer, "epsilon": self.a.epsilon}
        input_norm = op.constant(self.norm(f"{name}.input_layernorm"))
        q, k, v, o = (self._blocks(f"{name}.self_attn.{which}_proj") for which in "qkvo")
        projected = self.factory.create(
            "Projections", [x, input_norm, q, k, v], attributes
        ).outputs()
        attended = self.attend(projected, layer)
        x = self.factory.create("Joined", [attended, x, o], attributes)
        norm = op.constant(self.norm(f"{name}.post_attention_layernorm"))
        if self.a.experts is None:
            feed = [self._blocks(f"{name}.mlp.{which}_proj") for which in FEED_FORWARD]
            return self.factory.create("FeedForward", [x, norm, *feed], attributes)
        router = op.constant(self.norm(f"{name}.mlp.gate"))
        feed = [self._blocks(f"{name}.mlp.experts.{which}_proj") for which in FEED_FORWARD]
        chosen = {"chosen": self.a.experts.chosen, "normalised": self.a.experts.normalised}
        return self.factory.create("Experts", [x, norm, router, *feed], attributes | chosen)

    def _blocks(self, name: str) -> Node:
        """Return the matrix `name` as bytes in the format "blocks", [bytes] uint8."""
        packed = self.matrix(name)
        return self.shared(packed, ov.Type.u8, [packed.values.size])
