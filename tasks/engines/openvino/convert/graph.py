"""Builds the OpenVINO graph of a Llama-style decoder from its packed weights.

OpenVINO GenAI finds inputs, output, state variables and linear layers by their names; it matches
LoRA tensors to the names of linear layers. Does not know files, checkpoints or quantisation.

Shapes: [batch, tokens, hidden] between blocks, [batch, heads, tokens, head_dim] in attention.
`tokens` are those of this call, `total` those and the ones of earlier calls.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset15 as op
from openvino.op import Constant
from openvino.op.util import Variable, VariableInfo

from tasks.engines.openvino.convert.architecture import Architecture, id_stride
from tasks.engines.openvino.convert.packed_matrix import PackedMatrix

Node = Any
"""An OpenVINO graph node; the package has no useful types for it."""

MASKED = -65504.0
"""Added to the attention scores of keys that a query must not see: the least float16."""


class Graph:
    """The graph of one model, of OpenVINO's own operations.

    `matrix` returns a packed matrix and `norm` the weights of a norm or router, by their names in
    the checkpoint. The graph shares their arrays, so that mapped files are never held in memory as
    a whole.

    Inputs are `input_ids` [batch, tokens], `attention_mask` [batch, total], `position_ids` [batch,
    tokens], all int64, and `beam_idx` [batch] int32; the output `logits` is [batch, tokens,
    vocabulary] float32. Of an id only what is below `id_stride` counts: the rest tells sequences
    apart whose keys and values are cached (`tasks.engines.openvino.cached_sequences`).
    """

    def __init__(
        self,
        architecture: Architecture,
        matrix: Callable[[str], PackedMatrix],
        norm: Callable[[str], NDArray[np.float32]],
    ) -> None:
        self.a = architecture
        self.matrix = matrix
        self.norm = norm
        self.sinks: list[Node] = []
        self._shared_arrays: list[Any] = []  # OpenVINO does not keep them alive
        self.ids = _parameter("input_ids", ov.Type.i64, 2)
        self.mask = _parameter("attention_mask", ov.Type.i64, 2)
        self.positions = _parameter("position_ids", ov.Type.i64, 2)
        self.beams = _parameter("beam_idx", ov.Type.i32, 1)

    def write(self, file: Path) -> None:
        """Write the graph to `file`, an `.xml`, and its weights beside it.

        Raises:
            RuntimeError: OpenVINO could not write.
        """
        ov.save_model(self.model(), file, compress_to_fp16=False)

    def model(self) -> ov.Model:
        """Return the whole graph."""
        embeddings = self._weights(self.matrix("model.embed_tokens"))
        # Not a remainder: a CPU computes that in float32, which is wrong for large ids.
        own = _const(id_stride(self.a.vocabulary) - 1, np.int32)
        tokens = op.bitwise_and(op.convert(self.ids, ov.Type.i32), own)
        x = op.gather(embeddings, tokens, _const(0, np.int32))
        self.cos, self.sin = self._rotations()
        self.scores_mask = self._scores_mask()
        for layer in range(self.a.layers):
            x = self.block(x, layer)
        x = self._rms(x, "model.norm")
        head = embeddings if self.a.tied else self._weights(self.matrix("lm_head"))
        logits = op.matmul(x, head, False, True)
        logits.output(0).get_tensor().set_names({"logits"})
        inputs = [self.ids, self.mask, self.positions, self.beams]
        return ov.Model([op.result(logits)], self.sinks, inputs, "llama")

    def block(self, x: Node, layer: int) -> Node:
        """Apply one decoder block to x [batch, tokens, hidden]."""
        name = f"model.layers.{layer}"
        x = op.add(x, self._attention(self._rms(x, f"{name}.input_layernorm"), layer))
        hidden = self._rms(x, f"{name}.post_attention_layernorm")
        gate = op.swish(self._linear(hidden, f"{name}.mlp.gate_proj"))
        up = self._linear(hidden, f"{name}.mlp.up_proj")
        return op.add(x, self._linear(op.multiply(gate, up), f"{name}.mlp.down_proj"))

    def _attention(self, x: Node, layer: int) -> Node:
        name = f"model.layers.{layer}.self_attn"
        projected = [self._linear(x, f"{name}.{which}_proj") for which in "qkv"]
        return self._linear(self.attend(projected, layer), f"{name}.o_proj")

    def attend(self, projected: list[Node], layer: int) -> Node:
        """Return attention over queries, keys and values, all [batch, tokens, heads · head_dim].

        Keys and values have `kv_heads` heads; they are appended to the state of earlier calls.
        """
        q = self._heads(projected[0], self.a.heads)
        k = self._heads(projected[1], self.a.kv_heads)
        v = self._heads(projected[2], self.a.kv_heads)
        if self.a.head_norms:
            q, k = (
                self._rms(heads, f"model.layers.{layer}.self_attn.{which}_norm")
                for which, heads in (("q", q), ("k", k))
            )
        state = f"past_key_values.{layer}"
        k = self._append_to_state(self._rotate(k), f"{state}.keypresent.{layer}.key")
        v = self._append_to_state(v, f"{state}.valuepresent.{layer}.value")
        scale = _const(self.a.head_dim**-0.5, np.float32)
        y = op.scaled_dot_product_attention(
            self._rotate(q), self._repeat_heads(k), self._repeat_heads(v), self.scores_mask, scale
        )
        return op.reshape(
            op.transpose(y, _const([0, 2, 1, 3])),
            _const([0, 0, self.a.heads * self.a.head_dim]),
            True,
        )

    def _linear(self, x: Node, name: str) -> Node:
        """Multiply x [batch, tokens, in] by the matrix [out, in]: [batch, tokens, out]."""
        y = op.matmul(x, self._weights(self.matrix(name)), False, True)
        # As OpenVINO's PyTorch frontend names it; GenAI looks for the layer's name inside.
        y.set_friendly_name(f"__module.{name}/ov_ext::linear/MatMul")
        return y

    def _rms(self, x: Node, name: str) -> Node:
        """RMSNorm (arXiv:1910.07467) of x [..., width], over its last axis."""
        square = op.power(x, _const(2, np.float32))
        variance = op.reduce_mean(square, _const([-1]), True)
        deviation = op.sqrt(op.add(variance, _const(self.a.epsilon, np.float32)))
        return op.multiply(
            op.multiply(x, op.divide(_const(1, np.float32), deviation)),
            op.constant(self.norm(name)),
        )

    def _heads(self, x: Node, heads: int) -> Node:
        """Turn [batch, tokens, heads · head_dim] into [batch, heads, tokens, head_dim]."""
        split = op.reshape(x, _const([0, 0, heads, self.a.head_dim]), True)
        return op.transpose(split, _const([0, 2, 1, 3]))

    def _rotations(self) -> tuple[Node, Node]:
        """Return cosine and sine of every position's angles, [batch, 1, tokens, head_dim]."""
        steps = np.array(self.a.inverse_frequencies, np.float32).reshape(1, 1, -1)
        positions = op.unsqueeze(op.convert(self.positions, ov.Type.f32), _const(-1))
        angles = op.multiply(positions, op.constant(steps))
        both = op.concat([angles, angles], -1)
        return op.unsqueeze(op.cos(both), _const(1)), op.unsqueeze(op.sin(both), _const(1))

    def _rotate(self, x: Node) -> Node:
        """Apply rotary positions (arXiv:2104.09864) to x [batch, heads, tokens, head_dim].

        A pair is a dimension of the first half of a head with the same one of the second half.
        """
        half = self.a.head_dim // 2
        first = op.slice(x, _const([0]), _const([half]), _const([1]), _const([3]))
        second = op.slice(x, _const([half]), _const([2**62]), _const([1]), _const([3]))
        turned = op.concat([op.multiply(second, _const(-1, np.float32)), first], -1)
        return op.add(op.multiply(x, self.cos), op.multiply(turned, self.sin))

    def _append_to_state(self, x: Node, name: str) -> Node:
        """Append x [batch, kv_heads, tokens, head_dim] to the state `name`, and return all of it.

        The state and the result are [batch, kv_heads, total, head_dim].
        """
        shape = [-1, self.a.kv_heads, -1, self.a.head_dim]
        info = VariableInfo()
        info.data_shape = ov.PartialShape(shape)
        info.data_type = ov.Type.f32
        info.variable_id = name
        variable = Variable(info)
        batch = op.gather(op.shape_of(self.ids), _const([0]), _const(0))
        sizes = [batch, _const([self.a.kv_heads]), _const([0]), _const([self.a.head_dim])]
        nothing = op.broadcast(_const(0, np.float32), op.concat(sizes, 0))
        past = op.gather(op.read_value(nothing, variable), self.beams, _const(0))
        whole = op.concat([past, x], 2)
        self.sinks.append(op.assign(whole, variable))
        return whole

    def _repeat_heads(self, x: Node) -> Node:
        """Repeat each of the `kv_heads` for the query heads that share it.

        [batch, kv_heads, total, head_dim] becomes [batch, heads, total, head_dim].
        """
        if self.a.kv_heads == self.a.heads:
            return x
        shape = op.shape_of(x)
        times = _const([self.a.heads // self.a.kv_heads])
        before = op.gather(shape, _const([0, 1]), _const(0))
        after = op.gather(shape, _const([2, 3]), _const(0))
        target = op.concat([before, times, after], 0)
        spread = op.broadcast(op.unsqueeze(x, _const(2)), target, broadcast_spec="BIDIRECTIONAL")
        return op.reshape(spread, _const([0, self.a.heads, -1, self.a.head_dim]), True)

    def _scores_mask(self) -> Node:
        """Return what is added to attention scores, [batch, 1, tokens, total] float32.

        0 for a token itself and those before it, `MASKED` for later ones and for padding.
        """
        tokens = op.gather(op.shape_of(self.ids), _const([1]), _const(0))
        total = op.gather(op.shape_of(self.mask), _const([1]), _const(0))
        start, end = op.squeeze(op.subtract(total, tokens), _const(0)), op.squeeze(total, _const(0))
        queries = op.unsqueeze(op.range(start, end, _const(1), ov.Type.i64), _const(1))
        keys = op.unsqueeze(op.range(_const(0), end, _const(1), ov.Type.i64), _const(0))
        causal = op.unsqueeze(op.unsqueeze(op.less_equal(keys, queries), _const(0)), _const(0))
        real = op.unsqueeze(
            op.unsqueeze(op.convert(self.mask, ov.Type.boolean), _const(1)), _const(1)
        )
        allowed = op.logical_and(causal, real)
        return op.select(allowed, _const(0, np.float32), _const(MASKED, np.float32))

    def _weights(self, packed: PackedMatrix) -> Node:
        """Return the float32 matrix [out, in], unpacked in the graph.

        OpenVINO's CPU plugin recognises this pattern and multiplies the packed weights.
        """
        rows, columns = packed.shape
        if packed.format == "bf16":
            return op.convert(self.shared(packed, ov.Type.bf16, [rows, columns]), ov.Type.f32)
        groups = packed.scales.shape[1]
        one_per_row = groups == 1
        shape = [rows, columns] if one_per_row else [rows, groups, columns // groups]
        zeros, scales = (
            each if one_per_row else each[..., None] for each in (packed.zeros, packed.scales)
        )
        # Zeros of 8 bits and their scales are float32: float16 would round what a GGUF file held
        # exactly. Those of 4 bits are integers, with which OpenVINO multiplies as fast as without.
        exact = packed.format == "int8" and zeros.size > 0
        type_of_scales = ov.Type.f32 if exact else ov.Type.f16
        integers = op.convert(self.shared(packed, _type_of(packed), shape), type_of_scales)
        if zeros.size:
            kept = zeros if exact else zeros.astype(np.uint8)
            integers = op.subtract(integers, op.convert(op.constant(kept), type_of_scales))
        weights = op.multiply(integers, op.constant(np.ascontiguousarray(scales)))
        if not one_per_row:
            weights = op.reshape(weights, _const([rows, columns]), False)
        return weights if exact else op.convert(weights, ov.Type.f32)

    def shared(self, packed: PackedMatrix, type: ov.Type, shape: list[int]) -> Node:
        """Return a constant that shares the memory of `packed.values`."""
        values = np.ascontiguousarray(packed.values).reshape(-1)
        tensor = ov.Tensor(values, ov.Shape(shape), type)
        self._shared_arrays += [values, tensor]
        return Constant(tensor, True)


def _parameter(name: str, type: ov.Type, rank: int) -> Node:
    parameter = op.parameter(ov.PartialShape([-1] * rank), type)
    parameter.set_friendly_name(name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


def _type_of(packed: PackedMatrix) -> ov.Type:
    """Return the type of the integers: of 4 bits they have a sign unless there are zeros."""
    if packed.format == "int8":
        return ov.Type.i8
    return ov.Type.u4 if packed.zeros.size else ov.Type.i4


def _const(value: Any, type: Any = np.int64) -> Node:
    return op.constant(np.array(value, dtype=type))
