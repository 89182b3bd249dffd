"""Our kernels' library for tests, and the same computation in torch."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.calibration.experts import single_experts
from tasks.engines.openvino.convert.calibration.importance import TOKENS, Importance, calibrate
from tasks.engines.openvino.convert.calibration.texts import read_texts
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.packed_matrix import record_widths
from tasks.engines.openvino.convert.precision import OUTER_MATRICES, matrix_formats
from tasks.engines.openvino.kernels import build
from tasks.errors import KernelsMissing
from tests.conftest import missing
from trainer.data.sources import SAMPLE


def built(cache: Path) -> Path:
    """Return the kernels' library; skips the test where this machine cannot have it."""
    try:
        build.features()
    except KernelsMissing as error:
        pytest.skip(str(error))  # nothing that could be installed would help
    try:
        build._compiler()
    except KernelsMissing as error:
        missing(f"a C++ compiler ({error})")
    return build.library(cache)


def copy_built(shared_cache: Path, cache: Path) -> None:
    """Put the library into another cache too; skips the test where this machine cannot have it."""
    library = built(shared_cache)
    for file in (library, library.with_suffix(".sha256")):
        shutil.copy(file, cache)


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
    ids = read_texts(SAMPLE).ids(folder, TOKENS)
    return calibrate(checkpoint, ids, torch.float32, lambda number: None)


def as_kernels_compute(model: Any, architecture: Architecture, folder: Path) -> Any:
    """Change transformers' float32 `model` of `folder` to the kernels' weights and rounding.

    Returns the model.
    """
    importance = importance_of(folder)
    if architecture.experts:
        for block in model.model.layers:
            block.mlp.experts = taken_apart(block.mlp.experts)
    with torch.no_grad():
        for matrix, (format, group) in matrix_formats(architecture, "int4", kernels=True).items():
            for name in architecture.parts(matrix):
                module = model.get_submodule(name)
                packed = pack(module.weight, format, group, importance.get(name))
                module.weight.copy_(unpack(packed))
                if name not in OUTER_MATRICES:
                    module.register_forward_pre_hook(lambda _, arguments: (rounded(arguments[0]),))
    return model


def taken_apart(joined: Any) -> Any:
    """Return the experts as linear layers of their own, with copies of their weights."""
    single = single_experts(joined, torch.float32)
    gates, ups = joined.gate_up_proj.detach().chunk(2, 1)
    stacks = {"gate_proj": gates, "up_proj": ups, "down_proj": joined.down_proj.detach()}
    weights = {
        f"{expert}.{name}.weight": weight.clone()
        for name, stack in stacks.items()
        for expert, weight in enumerate(stack)
    }
    single.load_state_dict(weights, assign=True)
    return single
