"""How fast this host would train a model, measured in seconds on a model of one and of two layers.

The difference of the two is the time of a layer; the rest is that of the output layer, which is
measured with a small vocabulary and grows with it. Weights are made up, since no kernel's time
depends on them. This module does not know where models are or what is trained.
"""

import copy
import time
from dataclasses import replace
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from trainer.data.packing import Pack
from trainer.model import frozen_base, lora
from trainer.model.loss import pack_loss, packed_rows

VOCABULARY = 4096
ROUNDS = 2


def tokens_per_second(
    config: Any,
    pack: Pack,
    *,
    precision: str,
    targets: tuple[str, ...],
    rank: int,
    checkpointing: bool,
) -> float:
    """Return the speed at which packs like `pack` would be trained, of a model of this `config`.

    Raises:
        RuntimeError: torch cannot compute such a model, or has no memory for two layers of it.
    """
    small = replace(
        pack,
        ids=[id % VOCABULARY for id in pack.ids],
        targets=[id % VOCABULARY for id in pack.targets],
    )
    times = []
    for layers in (1, 2):
        model = lora.attach(
            _shortened(config, layers, precision),
            rank=rank,
            alpha=rank,
            dropout=0.05,
            targets=targets,
            seed=0,
        )
        if checkpointing:
            frozen_base.checkpoint_gradients(model.get_base_model())
        times.append(_seconds(model, small))
        del model
    layer = max(times[1] - times[0], 0.1 * times[1])
    rest = max(times[0] - layer, 0.0) * (config.vocab_size / VOCABULARY)
    seconds: float = layer * config.num_hidden_layers + rest
    return len(pack) / seconds


def _shortened(config: Any, layers: int, precision: str) -> Any:
    """Return a model of the first `layers` layers, with weights that are no one's."""
    config = copy.deepcopy(config)
    config.num_hidden_layers, config.vocab_size, config.pad_token_id = layers, VOCABULARY, None
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]
    dtype = frozen_base.TORCH_TYPES[precision]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.to_empty(device="cpu").requires_grad_(False)
    for parameter in model.parameters():
        parameter.data.fill_(0.01)
    # Not among the weights: its frequencies are computed from the configuration.
    model.model.rotary_emb = type(model.model.rotary_emb)(config=config)
    if precision == "int8":
        frozen_base.quantise(model)
    return model


def _seconds(model: Any, pack: Pack) -> float:
    """Return the seconds of a forward and backward pass, the least of some."""
    model.train()
    best = float("inf")
    with packed_rows(model):
        # The first pass also allocates memory and builds kernels.
        for _ in range(1 + ROUNDS):
            started = time.perf_counter()
            torch.autograd.backward(pack_loss(model, pack))
            best = min(best, time.perf_counter() - started)
    return best
