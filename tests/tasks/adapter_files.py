"""A small valid adapter for tests, in PEFT's format."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from trainer.adapters.adapter_files import ABOUT, CONFIG, WEIGHTS


def write_adapter(
    folder: Path, *, base_model: str = "tiny", seed: int = 0, layers: int = 1, **about: Any
) -> Path:
    """Write an adapter of rank 2 on the query projections [32, 32] of a tiny model's layers.

    `about` are further fields of `swallow.json`.
    """
    folder.mkdir(parents=True)
    config = {
        "peft_type": "LORA",
        "r": 2,
        "lora_alpha": 4,
        "target_modules": ["q_proj"],
        "base_model_name_or_path": base_model,
    }
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    content = {"base_model": base_model, "style": "alpaca-ja", **about}
    (folder / ABOUT).write_text(json.dumps(content), encoding="utf-8")
    generator = torch.Generator().manual_seed(seed)
    name = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"
    tensors = {}
    for layer in range(layers):
        tensors[name.format(layer, "A")] = torch.randn(2, 32, generator=generator)
        tensors[name.format(layer, "B")] = torch.randn(32, 2, generator=generator)
    save_file(tensors, folder / WEIGHTS)
    return folder
