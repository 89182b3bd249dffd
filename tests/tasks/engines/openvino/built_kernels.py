"""Our kernels' library for tests, and the same computation in torch."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.calibration.importance import Importance, calibrate
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.packed_matrix import record_widths
from tasks.engines.openvino.convert.precision import OUTER_MATRICES, matrix_formats
from tasks.engines.openvino.kernels import build
from tasks.errors import KernelsMissing
from tests.conftest import missing
from trainer.cpu import cpu_flags
from trainer.data.sources import SAMPLE


def built(cache: Path) -> Path:
    """Return the kernels' library; skips the test where this machine cannot have it."""
    flags = cpu_flags()
    if absent := [feature for feature in build.FEATURES if feature not in flags]:
        pytest.skip(f"the CPU has no {absent[0]}")  # nothing that could be installed would help
    try:
        build._compiler()
    except KernelsMissing as error:
        missing(f"a C++ compiler ({error})")
    return build.library(cache)


def rounded(x: torch.Tensor) -> torch.Tensor:
    """Return `x` [..., columns] with each record rounded to 8 bits, as the kernels round it."""
    parts = torch.split(x, record_widths(x.shape[-1]), -1)
    return torch.cat([_rounded(part) for part in parts], -1)


def _rounded(part: torch.Tensor) -> torch.Tensor:
    largest = part.abs().amax(-1, keepdim=True).clamp_min(1e-20)
    return (part * (127 / largest)).round() * (largest / 127)


def importance_of(folder: Path) -> Importance:
    """Return what the conversion of the tiny model in `folder` is calibrated to."""
    checkpoint = Checkpoint(folder)
    return calibrate(checkpoint, data=SAMPLE, on_block=lambda number: None, exact=True)


def as_kernels_compute(model: Any, architecture: Architecture, folder: Path) -> Any:
    """Change transformers' float32 `model` of `folder` to the kernels' weights and rounding.

    Returns the model.
    """
    importance = importance_of(folder)
    with torch.no_grad():
        for name, (format, group) in matrix_formats(architecture, "int4", kernels=True).items():
            module = model.get_submodule(name)
            module.weight.copy_(unpack(pack(module.weight, format, group, importance.get(name))))
            if name not in OUTER_MATRICES:
                module.register_forward_pre_hook(lambda _, arguments: (rounded(arguments[0]),))
    return model
