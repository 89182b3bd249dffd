"""How much memory a training takes, estimated before anything is loaded, and how much is free.

The estimate is arithmetic over the model's configuration. It was checked against the peak of two
training steps at the 7B's dimensions in int8, 13.8 GB of anonymous memory where it says 14.2 GB,
and against the peak resident memory of a 135M model. This module imports no torch.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from trainer.errors import MemoryTooSmall

LOOK_SECONDS = 5.0
"""How often a training that waits for memory looks how much is free."""
OVERHEAD_BYTES = 900_000_000
"""Interpreter, torch, transformers, tokenizer and the data."""


@dataclass(frozen=True)
class Shape:
    """The dimensions of a Llama-like model that memory depends on.

    `hidden`, `intermediate` and `head_width` are widths in numbers per token, `vocabulary` counts
    tokens, `heads` and `groups` the query and the key-value heads of a layer; with `tied` the
    output layer is the embedding. A layer has `experts` feed-forward networks of the width
    `intermediate`, of which a token passes `chosen`.
    """

    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    heads: int
    groups: int
    head_width: int
    tied: bool
    experts: int = 1
    chosen: int = 1

    @classmethod
    def of(cls, config: Any) -> "Shape":
        """Read the dimensions from a transformers configuration."""
        config = getattr(config, "text_config", config)
        heads = config.num_attention_heads
        counts = ("num_experts", "num_local_experts")
        experts = next((n for name in counts if (n := getattr(config, name, None))), 1)
        narrow = getattr(config, "moe_intermediate_size", None) if experts > 1 else None
        return cls(
            layers=config.num_hidden_layers,
            hidden=config.hidden_size,
            intermediate=narrow or config.intermediate_size,
            vocabulary=config.vocab_size,
            heads=heads,
            groups=getattr(config, "num_key_value_heads", None) or heads,
            head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
            tied=bool(config.tie_word_embeddings),
            experts=experts,
            chosen=config.num_experts_per_tok if experts > 1 else 1,
        )

    @property
    def block_parameters(self) -> int:
        """Parameters of the linear layers of all blocks, which may be kept in int8."""
        attention = self.hidden * self.head_width * (2 * self.heads + 2 * self.groups)
        return self.layers * (attention + 3 * self.hidden * self.intermediate * self.experts)

    @property
    def other_parameters(self) -> int:
        """Parameters of the embedding and, unless tied, the output layer."""
        return self.hidden * self.vocabulary * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """All parameters except those of the norms."""
        return self.block_parameters + self.other_parameters

    def lora_parameters(self, targets: tuple[str, ...], rank: int) -> int:
        """Return how many parameters a LoRA of `rank` on the layers `targets` has.

        Each layer gets two matrices: rank x inputs and outputs x rank.
        """
        wide = self.head_width * self.heads
        narrow = self.head_width * self.groups
        shapes = {
            "q_proj": (self.hidden, wide),
            "k_proj": (self.hidden, narrow),
            "v_proj": (self.hidden, narrow),
            "o_proj": (wide, self.hidden),
            "gate_proj": (self.hidden, self.intermediate),
            "up_proj": (self.hidden, self.intermediate),
            "down_proj": (self.intermediate, self.hidden),
        }
        return self.layers * rank * sum(sum(shapes[name]) for name in targets)


@dataclass(frozen=True)
class Estimate:
    """Bytes that a training takes at its peak, by what they hold."""

    weights: int
    adapter: int
    """The adapter's weights, gradients and AdamW's two moments; as much as a checkpoint takes."""
    activations: int
    output: int
    """The output layer: logits and their gradient."""

    @property
    def total(self) -> int:
        """All of it, with interpreter and libraries."""
        return OVERHEAD_BYTES + self.weights + self.adapter + self.activations + self.output


def estimate(
    shape: Shape,
    *,
    precision: str,
    targets: tuple[str, ...],
    rank: int,
    pack_tokens: int,
    checkpointing: bool,
) -> Estimate:
    """Estimate a training with packs of `pack_tokens` tokens.

    The base takes 1, 2 or 4 bytes a parameter (`precision` int8, bf16, fp32), embedding and output
    layer 2 or 4; for int8 a tied output layer is a copy of 1 byte a parameter. The adapter is fp32,
    four times: weights, gradients, and AdamW's two moments. A block keeps for backward about ten
    tensors of hidden and four of intermediate width per token; with `checkpointing` only its input,
    and one block's at a time. Every expert that a token passes has an input, an output and
    intermediate values of its own.
    """
    width = 4 if precision == "fp32" else 2
    blocks = shape.block_parameters * (1 if precision == "int8" else width)
    copy = shape.other_parameters if shape.tied and precision == "int8" else 0
    copied = 0 if shape.experts == 1 else 2 * shape.chosen * shape.hidden
    wide = 4 * shape.chosen * shape.intermediate
    block = pack_tokens * width * (10 * shape.hidden + copied + wide)
    kept = shape.layers * pack_tokens * width * shape.hidden + block
    return Estimate(
        weights=blocks + shape.other_parameters * width + copy,
        adapter=16 * shape.lora_parameters(targets, rank),
        activations=kept if checkpointing else shape.layers * block,
        output=pack_tokens * shape.vocabulary * (width + 8),
    )


def available() -> int:
    """Return the bytes a new process can take here, within a container's limit."""
    free = int(psutil.virtual_memory().available)
    return min([free, *_container_room()])


def _container_room() -> list[int]:
    """Return the bytes left under the control group's limit (cgroup v2), nothing without one."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = (folder / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return []
    return [max(0, int(limit) - int(used))] if limit != "max" else []


def check(needed: int, room: int, *, micro_batch_size: int, precision: str) -> None:
    """Refuse a training that takes `needed` bytes where only `room` bytes are free.

    Raises:
        MemoryTooSmall: with the numbers, and what to change.
    """
    if needed <= room:
        return
    raise _too_small(needed, room, micro_batch_size, precision)


def wait(
    needed: int,
    waiting: Callable[[int], None],
    *,
    micro_batch_size: int,
    precision: str,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until `needed` bytes are free; `waiting` is called with those that are, at each look.

    After a restart of the machine other programs may still be loading what they hold.

    Raises:
        MemoryTooSmall: the machine has less than that even when nothing else runs.
    """
    if needed > (total := int(psutil.virtual_memory().total)):
        raise _too_small(needed, total, micro_batch_size, precision)
    while (room := available()) < needed:
        waiting(room)
        sleep(LOOK_SECONDS)


def _too_small(needed: int, room: int, micro_batch_size: int, precision: str) -> MemoryTooSmall:
    advice = ["--gradient-checkpointing"]
    if micro_batch_size > 1:
        advice.append(f"--micro-batch-size {micro_batch_size // 2}")
    if precision != "int8":
        advice.append("--precision int8")
    return MemoryTooSmall(
        f"The training needs about {needed / 1e9:.1f} GB of memory and {room / 1e9:.1f} GB "
        f"are free; use {', '.join(advice)}, a smaller --base-model, or free some memory."
    )
