"""Moves a checkpoint's weights off the grid they lie on, without changing what the model computes.

The small model's weights were rounded to 4 bits in groups of 32 once; a format with such groups
finds that grid again and looks better than it is on a model that never was rounded. Three
rescalings cancel out exactly: a norm's weights against the columns of the matrices behind it, rows
of the value projection against columns of the output projection, and rows of the up projection
against columns of the down projection.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tasks.engines.openvino.convert.architecture import Architecture, read_architecture
from tasks.engines.openvino.convert.checkpoint import Checkpoint

SPREAD = 0.25
"""Standard deviation of the logarithms of the factors."""


def moved(folder: Path, target: Path) -> Path:
    """Write the checkpoint in `folder` with its weights moved to `target`, and return that."""
    checkpoint = Checkpoint(folder)
    architecture = read_architecture(checkpoint.config)
    tensors = {name: checkpoint.tensor(name).clone() for name in checkpoint.names()}
    random = torch.Generator().manual_seed(0)
    for layer in range(architecture.layers):
        _move(tensors, f"model.layers.{layer}.", architecture, random)
    target.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        if file.suffix != ".safetensors" and "index" not in file.name and file.is_file():
            shutil.copy(file, target)
    config = dict(checkpoint.config) | {"dtype": "float32"}
    (target / "config.json").write_text(json.dumps(config, indent=2), "utf-8")
    floats = {name: tensor.float().contiguous() for name, tensor in tensors.items()}
    save_file(floats, target / "model.safetensors", metadata={"format": "pt"})
    return target


def _move(
    tensors: dict[str, Any], block: str, architecture: Architecture, random: torch.Generator
) -> None:
    """Rescale one block's matrices [out, in] and norms [hidden] in `tensors`."""

    def change(name: str, factors: torch.Tensor) -> None:
        key = f"{block}{name}.weight"
        tensors[key] = tensors[key].float() * factors

    def factors(count: int) -> torch.Tensor:
        return (torch.randn(count, generator=random) * SPREAD).exp()

    for norm, linears in (
        ("input_layernorm", ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")),
        ("post_attention_layernorm", ("mlp.gate_proj", "mlp.up_proj")),
    ):
        scale = factors(architecture.hidden)
        change(norm, 1 / scale)
        for linear in linears:
            change(linear, scale)
    rows = factors(architecture.kv_heads * architecture.head_dim)
    change("self_attn.v_proj", 1 / rows[:, None])
    # Each head of keys and values serves several heads of queries.
    times = architecture.heads // architecture.kv_heads
    heads = rows.view(-1, 1, architecture.head_dim).expand(-1, times, -1)
    change("self_attn.o_proj", heads.reshape(-1))
    rows = factors(architecture.intermediate)
    change("mlp.up_proj", 1 / rows[:, None])
    change("mlp.down_proj", rows)
