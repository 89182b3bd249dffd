"""Our kernels' library for tests, and what they compute, in torch."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tasks.convert.architecture import Architecture
from tasks.convert.packed import BLOCK_GROUP
from tasks.convert.plan import ENDS, plan
from tasks.convert.quantise import pack, unpack
from tasks.engines.cpu import has
from tasks.errors import KernelsMissing
from tasks.kernels import build
from tests.conftest import missing


def built(cache: Path) -> Path:
    """Return the library, where this machine can have one."""
    if absent := [feature for feature in build.FEATURES if not has(feature)]:
        pytest.skip(f"the CPU has no {absent[0]}")  # nothing one could install
    try:
        build._compiler()
    except KernelsMissing as error:
        missing(f"a C++ compiler ({error})")
    return build.library(cache)


def rounded(x: torch.Tensor) -> torch.Tensor:
    """Return `x` [..., columns] as the kernels take it: 8 bits in groups of 128."""
    groups = x.view(*x.shape[:-1], -1, BLOCK_GROUP)
    largest = groups.abs().amax(-1, keepdim=True).clamp_min(1e-20)
    return ((groups * (127 / largest)).round() * (largest / 127)).view_as(x)


def as_kernels_compute(model: Any, architecture: Architecture) -> Any:
    """Give transformers' float32 `model` the kernels' weights and roundings; returns it."""
    with torch.no_grad():
        for name, (format, group) in plan(architecture, "int4", kernels=True).items():
            module = model.get_submodule(name)
            module.weight.copy_(unpack(pack(module.weight.detach(), format, group)))
            if name not in ENDS:
                module.register_forward_pre_hook(lambda _, arguments: (rounded(arguments[0]),))
    return model
