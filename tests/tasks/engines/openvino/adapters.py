"""Adapters with random weights, written as PEFT writes them but without a model."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from trainer.adapters.adapter import PROJECTIONS
from trainer.adapters.adapter_files import CONFIG, WEIGHTS

RANK = 4


def write_random_adapter(
    folder: Path, linears: dict[str, list[int]], seed: int, *, base: str = "tiny"
) -> Path:
    """Write a LoRA of every layer in `linears` (names to shapes [out, in]) for the model `base`."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, (rows, columns) in linears.items():
        for side, shape in (("A", (RANK, columns)), ("B", (rows, RANK))):
            values = random.standard_normal(shape, np.float32) / 8
            tensors[f"base_model.model.{name}.lora_{side}.weight"] = values
    folder.mkdir()
    save_file(tensors, folder / WEIGHTS)
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": base,
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "target_modules": list(PROJECTIONS),
    }
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    return folder
