"""Which quantised checkpoints are read, from what `config.json` says of them.

Imports no torch, which planning does without.
"""

from collections.abc import Mapping
from typing import Any, Literal

from tasks.errors import ModelUnsupported
from trainer.base_model.quantised import about_quantisation

Method = Literal["AWQ", "compressed-tensors", "GGUF"]
"""AWQ in AutoAWQ's layout "GEMM", the layout "pack-quantized" of the library compressed-tensors,
which llm-compressor writes, AWQ and others, and llama.cpp's files."""

PACKED = "pack-quantized"
WIDTHS = (4, 8)
"""Bits of an integer that "pack-quantized" is read with."""


def method_of(config: Mapping[str, Any]) -> Method | None:
    """Return how the checkpoint is quantised that `config` belongs to; None where it is not.

    Raises:
        ModelUnsupported: in a way that is not read; the message says which.
    """
    about = about_quantisation(config)
    if about is None:
        return None
    kind = about.get("quant_method")
    if kind == "awq":
        return _awq(about)
    if kind == "compressed-tensors":
        return _compressed(about)
    raise _unsupported(f"by {kind}" if kind else "its configuration does not say how")


def _awq(about: Mapping[str, Any]) -> Method:
    layout = str(about.get("version") or about.get("format") or "gemm").lower()
    if layout != "gemm":
        raise _unsupported(f"by AWQ in the layout {layout}")
    if about.get("bits", about.get("w_bit", 4)) != 4:
        raise _unsupported("by AWQ, but not to 4 bits")
    return "AWQ"


def _compressed(about: Mapping[str, Any]) -> Method:
    groups = about.get("config_groups")
    if not isinstance(groups, Mapping) or not groups:
        raise _unsupported("by compressed-tensors without groups of layers")
    if isinstance(transforms := about.get("transform_config"), Mapping) and any(
        transforms.values()
    ):
        raise _unsupported("by compressed-tensors with transformed inputs")
    for group in groups.values():
        weights = group.get("weights") if isinstance(group, Mapping) else None
        if not isinstance(weights, Mapping):
            raise _unsupported("by compressed-tensors, but not its weights")
        layout = group.get("format") or about.get("format")
        if layout != PACKED:
            raise _unsupported(f"by compressed-tensors in the layout {layout}")
        if weights.get("type", "int") != "int" or weights.get("num_bits") not in WIDTHS:
            raise _unsupported("by compressed-tensors, but not to integers of 4 or 8 bits")
        if group.get("input_activations"):
            raise _unsupported("by compressed-tensors together with its activations")
    return "compressed-tensors"


def _unsupported(how: str) -> ModelUnsupported:
    return ModelUnsupported(f"its checkpoint is quantised already, {how}")
