"""Tiny models in the layouts of quantised checkpoints, written from the formats' descriptions.

Beside each lies the same model as floats: what the integers, scales and zeros stand for.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file

AWQ_COLUMNS = (0, 2, 4, 6, 1, 3, 5, 7)
"""The columns of eight, from the lowest bits of an int32 on."""

OUTER = ("model.embed_tokens.weight", "lm_head.weight")


class Rounded(NamedTuple):
    """Integers [out, in], scales and zeros [out, groups], with weight = scale (integer - zero)."""

    integers: torch.Tensor
    scales: torch.Tensor
    zeros: torch.Tensor

    def weights(self) -> torch.Tensor:
        repeat = self.integers.shape[1] // self.scales.shape[1]
        scales, zeros = (part.float().repeat_interleave(repeat, 1) for part in self[1:])
        return (self.integers - zeros) * scales


def rounded(
    weight: torch.Tensor, group: int, *, zeros: bool, bits: int = 4, dtype: Any = torch.float16
) -> Rounded:
    """Round `weight` [out, in] to the nearest, with a scale for every `group` of a row."""
    groups = weight.float().view(len(weight), -1, group)
    most = (1 << bits) - 1
    if zeros:
        low, high = groups.amin(-1).clamp_max(0), groups.amax(-1).clamp_min(0)
        scales = ((high - low) / most).to(dtype)
        zero = (-low / scales.float()).round().clamp(0, most)
    else:
        scales = (groups.abs().amax(-1) / (most // 2)).to(dtype)
        zero = torch.full_like(scales, (most + 1) // 2).float()
    integers = (groups / scales.float()[..., None] + zero[..., None]).round().clamp(0, most)
    return Rounded(integers.view(weight.shape).int(), scales, zero.int())


def packed(integers: torch.Tensor, bits: int = 4, order: tuple[int, ...] | None = None) -> Any:
    """Put the integers of a row [n, m] together to int32, [n, m · bits / 32]."""
    share = 32 // bits
    words = integers.long().view(len(integers), -1, share)
    if order:
        words = words[..., list(order)]
    sums = (words << (torch.arange(share) * bits)).sum(-1)
    return torch.where(sums >= 1 << 31, sums - (1 << 32), sums).int()


def awq_tensors(layer: str, rounded: Rounded) -> dict[str, torch.Tensor]:
    """Return a layer in AutoAWQ's layout "GEMM"."""
    return {
        f"{layer}.qweight": packed(rounded.integers.T.contiguous(), order=AWQ_COLUMNS),
        f"{layer}.qzeros": packed(rounded.zeros.T.contiguous(), order=AWQ_COLUMNS),
        f"{layer}.scales": rounded.scales.T.contiguous(),
    }


def compressed_tensors(
    layer: str, rounded: Rounded, *, zeros: bool, bits: int = 4
) -> dict[str, torch.Tensor]:
    """Return a layer in compressed-tensors' layout "pack-quantized"."""
    tensors = {
        f"{layer}.weight_packed": packed(rounded.integers, bits),
        f"{layer}.weight_scale": rounded.scales,
        f"{layer}.weight_shape": torch.tensor(rounded.integers.shape),
    }
    if zeros:
        words = packed(rounded.zeros.T.contiguous(), bits).T
        tensors[f"{layer}.weight_zero_point"] = words.contiguous()
    return tensors


def awq_config(**more: Any) -> dict[str, Any]:
    return {
        "quant_method": "awq",
        "bits": 4,
        "group_size": 128,
        "zero_point": True,
        "version": "gemm",
        "modules_to_not_convert": None,
    } | more


def compressed_config(*, bits: int = 4, group: int = 128, zeros: bool = False) -> dict[str, Any]:
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "ignore": ["lm_head"],
        "kv_cache_scheme": None,
        "transform_config": {},
        "config_groups": {
            "group_0": {
                "targets": ["Linear"],
                "input_activations": None,
                "output_activations": None,
                "weights": {
                    "num_bits": bits,
                    "type": "int",
                    "symmetric": not zeros,
                    "strategy": "group",
                    "group_size": group,
                    "actorder": None,
                    "dynamic": False,
                },
            }
        },
    }


def quantise(
    folder: Path, kind: str, *, group: int = 128, bits: int = 4, dtype: Any = torch.float16
) -> Path:
    """Quantise the model in `folder` in place to `kind` "awq", "symmetric" or "asymmetric".

    Rows that `group` does not divide get a single group. Returns a folder with the same model as
    float32.
    """
    tensors = load_file(folder / "model.safetensors")
    zeros = kind != "symmetric"
    floats: dict[str, torch.Tensor] = {}
    stored: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        if not _is_linear(name, tensor):
            stored[name], floats[name] = tensor, tensor.float()
            continue
        whole = group if tensor.shape[1] % group == 0 else tensor.shape[1]
        found = rounded(tensor, whole, zeros=zeros, bits=bits, dtype=dtype)
        floats[name] = found.weights()
        layer = name.removesuffix(".weight")
        stored |= (
            awq_tensors(layer, found)
            if kind == "awq"
            else compressed_tensors(layer, found, zeros=zeros, bits=bits)
        )
    plain = folder.with_name(f"{folder.name}-floats")
    shutil.copytree(folder, plain)
    save_file(floats, plain / "model.safetensors", metadata={"format": "pt"})
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    about = (
        awq_config(group_size=group)
        if kind == "awq"
        else compressed_config(bits=bits, group=group, zeros=zeros)
    )
    change_config(folder, quantization_config=about)
    return plain


def change_config(folder: Path, **changes: Any) -> None:
    """Change `config.json`."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")


def linears(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the weights of the linear layers of a model of floats, with their names."""
    for name, tensor in load_file(folder / "model.safetensors").items():
        if _is_linear(name, tensor):
            yield name, tensor


def _is_linear(name: str, tensor: torch.Tensor) -> bool:
    return tensor.ndim == 2 and name not in OUTER and not name.endswith("mlp.gate.weight")
