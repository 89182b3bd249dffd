"""What the graph needs of a model's configuration, and which models it can be built for.

Knows `config.json` as transformers writes it; does not know weights, OpenVINO or folders.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.engines.openvino.convert.sources.method import method_of
from tasks.errors import ModelUnsupported

SUPPORTED = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen3_moe": "Qwen3MoeForCausalLM",
}
"""`model_type` of each model that is supported, and its class in `architectures`, if any."""

HEAD_NORMS = ("qwen3", "qwen3_moe")
"""`model_type` of those that normalise each head of queries and keys before its rotation."""

MIXTURES = ("qwen3_moe",)
"""`model_type` of those whose feed-forward networks are mixtures of experts."""


def id_stride(vocabulary: int) -> int:
    """Return the power of two from which on the bits of an id are no part of the token."""
    return 1 << (vocabulary - 1).bit_length()


@dataclass(frozen=True)
class Experts:
    """A block's feed-forward networks of `intermediate` values, of which a router chooses `chosen`
    for each token. `normalised` says that their weights then add up to 1."""

    count: int
    chosen: int
    intermediate: int
    normalised: bool


@dataclass(frozen=True)
class Architecture:
    """A Llama-style decoder: RMS norm, rotary positions, grouped attention, SwiGLU.

    `inverse_frequencies` are radians per position, one for each pair of a head's dimensions.
    `context_length` is the longest sequence in tokens for which the graph is correct. `tied` says
    that the output layer is the embedding matrix, `head_norms` that each head of queries and keys
    is normalised before its rotation.
    """

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    epsilon: float
    context_length: int
    tied: bool
    head_norms: bool
    inverse_frequencies: tuple[float, ...]
    experts: Experts | None = None

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """Return the shape [out, in] of each linear layer of a block that every token passes, by
        its name in the block."""
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        attention = {
            "self_attn.q_proj": (q, self.hidden),
            "self_attn.k_proj": (kv, self.hidden),
            "self_attn.v_proj": (kv, self.hidden),
            "self_attn.o_proj": (self.hidden, q),
        }
        return attention if self.experts else attention | self._feed_forward(self.intermediate)

    @property
    def expert(self) -> dict[str, tuple[int, int]]:
        """Return the shapes [out, in] of the matrices of one expert; empty if there are none."""
        return self._feed_forward(self.experts.intermediate) if self.experts else {}

    @property
    def stacks(self) -> dict[str, tuple[int, int]]:
        """Return the shape of each of those for all experts of a block, one below the other."""
        count = self.experts.count if self.experts else 0
        return {name: (count * rows, columns) for name, (rows, columns) in self.expert.items()}

    @property
    def routers(self) -> dict[str, tuple[int, int]]:
        """Return the shape [experts, in] of every router, by its name in the checkpoint."""
        if self.experts is None:
            return {}
        shape = (self.experts.count, self.hidden)
        return {f"model.layers.{layer}.mlp.gate": shape for layer in range(self.layers)}

    @property
    def matrices(self) -> dict[str, tuple[int, int]]:
        """Return the shape [out, in] of every matrix, by its name; see `parts`."""
        shapes = {"model.embed_tokens": (self.vocabulary, self.hidden)}
        for layer in range(self.layers):
            block = self.linears | self.stacks
            shapes |= {f"model.layers.{layer}.{name}": shape for name, shape in block.items()}
        if not self.tied:
            shapes["lm_head"] = (self.vocabulary, self.hidden)
        return shapes

    @property
    def norms(self) -> dict[str, int]:
        """Return the width of every norm, by its name in the checkpoint."""
        widths = {"input_layernorm": self.hidden, "post_attention_layernorm": self.hidden}
        if self.head_norms:
            widths |= {"self_attn.q_norm": self.head_dim, "self_attn.k_norm": self.head_dim}
        layers = range(self.layers)
        blocks = {f"model.layers.{n}.{name}": widths[name] for n in layers for name in widths}
        return blocks | {"model.norm": self.hidden}

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every matrix, router and norm in the checkpoint, by its name."""
        shapes: dict[str, tuple[int, ...]] = {name: (n,) for name, n in self.norms.items()}
        shapes |= self.routers
        for name, (rows, columns) in self.matrices.items():
            parts = self.parts(name)
            shapes |= dict.fromkeys(parts, (rows // len(parts), columns))
        return shapes

    def parts(self, matrix: str) -> list[str]:
        """Return the names in the checkpoint of what lies below each other in a matrix: its own, or
        those of the experts."""
        block, expert, projection = matrix.rpartition(".mlp.experts.")
        if not expert or self.experts is None:
            return [matrix]
        return [f"{block}{expert}{number}.{projection}" for number in range(self.experts.count)]

    @property
    def parameters(self) -> int:
        """Return how many weights the matrices have."""
        return sum(rows * columns for rows, columns in self.matrices.values())

    def _feed_forward(self, wide: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of a feed-forward network of `wide` values, by name in the block."""
        prefix = "mlp.experts" if self.experts else "mlp"
        return {
            f"{prefix}.gate_proj": (wide, self.hidden),
            f"{prefix}.up_proj": (wide, self.hidden),
            f"{prefix}.down_proj": (self.hidden, wide),
        }


def read_architecture(config: Mapping[str, Any]) -> Architecture:
    """Return the architecture that `config`, the content of a `config.json`, describes.

    Raises:
        ModelUnsupported: the graph cannot express this model; the message says what.
    """
    _check(config)
    heads, hidden = int(config["num_attention_heads"]), int(config["hidden_size"])
    head_dim = int(config.get("head_dim") or hidden // heads)
    context = int(config["max_position_embeddings"])
    # Up to the window's length, attention over a sliding window is plain attention.
    window = config.get("sliding_window") if config.get("use_sliding_window", True) else None
    return Architecture(
        layers=int(config["num_hidden_layers"]),
        hidden=hidden,
        intermediate=int(config["intermediate_size"]),
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=head_dim,
        vocabulary=int(config["vocab_size"]),
        epsilon=float(config.get("rms_norm_eps", 1e-6)),
        context_length=min(context, int(window)) if window else context,
        tied=bool(config.get("tie_word_embeddings", False)),
        head_norms=config["model_type"] in HEAD_NORMS,
        inverse_frequencies=_inverse_frequencies(config, head_dim),
        experts=_experts(config),
    )


def _check(config: Mapping[str, Any]) -> None:
    kind, names = str(config.get("model_type")), config.get("architectures")
    if kind not in SUPPORTED or (names and SUPPORTED[kind] not in names):
        what = ", ".join(map(str, names or [kind]))
        raise ModelUnsupported(f"its architecture is {what}, not Llama, Mistral or Qwen3")
    if config.get("hidden_act", "silu") != "silu":
        raise ModelUnsupported(f"its activation is {config['hidden_act']!r}, not silu")
    for bias in ("attention_bias", "mlp_bias"):
        if config.get(bias):
            raise ModelUnsupported(f"its linear layers have a bias ({bias})")
    method_of(config)  # refuses a checkpoint quantised in a way that is not read


def _experts(config: Mapping[str, Any]) -> Experts | None:
    """Return the experts; transformers 5 writes their number as `num_local_experts`."""
    if config["model_type"] not in MIXTURES:
        return None
    if config.get("mlp_only_layers") or config.get("decoder_sparse_step", 1) != 1:
        raise ModelUnsupported("not all of its blocks have experts")
    return Experts(
        count=int(config.get("num_experts") or config["num_local_experts"]),
        chosen=int(config["num_experts_per_tok"]),
        intermediate=int(config["moe_intermediate_size"]),
        normalised=bool(config.get("norm_topk_prob", False)),
    )


def _inverse_frequencies(config: Mapping[str, Any], head_dim: int) -> tuple[float, ...]:
    """Return the radians per position; transformers 5 writes `rope_parameters`, older versions
    `rope_scaling` and `rope_theta`."""
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if rope.get("partial_rotary_factor", config.get("partial_rotary_factor")) not in (None, 1):
        raise ModelUnsupported("its rotary positions turn a part of each head only")
    theta = float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)
    plain = [theta ** -(pair / head_dim) for pair in range(0, head_dim, 2)]
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "default":
        return tuple(plain)
    try:
        if kind == "linear":
            return tuple(value / float(rope["factor"]) for value in plain)
        if kind == "llama3":
            return tuple(_llama3(value, rope) for value in plain)
    except KeyError as missing:
        raise ModelUnsupported(f"its rotary positions lack {missing.args[0]}") from missing
    raise ModelUnsupported(f"its rotary positions are of kind {kind!r}")


def _llama3(frequency: float, rope: Mapping[str, Any]) -> float:
    """Return a frequency (radians per position) as Llama 3.1 scales it to a longer context.

    Low frequencies are divided by `factor`, high ones kept, those in between blended. Source:
    `_compute_llama3_parameters` in transformers' `modeling_rope_utils.py`.
    """
    factor, trained = float(rope["factor"]), float(rope["original_max_position_embeddings"])
    low, high = float(rope["low_freq_factor"]), float(rope["high_freq_factor"])
    wavelength = 2 * math.pi / frequency
    if wavelength < trained / high:
        return frequency
    if wavelength > trained / low:
        return frequency / factor
    smooth = (trained / wavelength - low) / (high - low)
    return (1 - smooth) * frequency / factor + smooth * frequency
