"""What serving a model takes of memory and disk, before it is loaded or even fetched.

Arithmetic over its configuration, for the doctor and the table of models in the READMEs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.engines.choose import architecture_of, configured_folder
from tasks.engines.openvino.convert.architecture import Architecture, read_architecture
from tasks.engines.openvino.convert.conversion import bytes_needed, disk_bytes, planned
from tasks.engines.openvino.convert.converted import (
    KEPT_BELOW,
    Converted,
    is_whole,
    loss_of,
    told_loss,
)
from tasks.engines.openvino.convert.precision import (
    OUTER_MATRICES,
    choose_precision,
    suits_kernels,
    token_bytes,
)
from tasks.engines.openvino.kernels.build import obstacle
from tasks.engines.openvino.serving import memory_needed
from tasks.engines.swallow_models import config_of
from tasks.settings import PrecisionSetting, Settings
from trainer.base_model.source import SMALL_MODEL, Source, find, is_local, size_of
from trainer.cpu import cpu_has_bf16
from trainer.data.sources import SAMPLE

CHECKPOINT_WIDTH = 2
"""Bytes of a weight in a checkpoint on the hub: bf16."""
QUANTISED_WIDTH = 0.53
"""The same of a linear layer where the name says AWQ: 4 bits, and 16 to 20 for a group of 128."""
TRANSFORMERS_SHARE = 1.15
TRANSFORMERS_BYTES = 1.0e9
"""What the transformers engine takes beside the weights: a share of them, and the libraries."""


@dataclass(frozen=True)
class Needs:
    """Bytes that serving a model takes: of memory, of disk beside what lies there already, and
    read from memory for each token of an answer that is alone; None where that is not known."""

    memory: float | None
    disk: float | None
    per_token: float | None
    download: float = 0
    """The part of `disk` that is fetched."""


def needs(settings: Settings) -> Needs:
    """Return what the model of `settings` takes in the engine that runs it here.

    Raises:
        ModelMissing: it is a path that does not exist.
        ConversionFailed, SettingInvalid: its checkpoint, or the calibration, cannot be read.
    """
    source = find(settings.model)
    architecture = architecture_of(settings)
    if architecture is None:
        return _in_transformers(source)
    takes = needs_of(architecture, settings.precision, kernels=obstacle(settings.cache) is None)
    target = _planned(settings)
    if target is None:
        saved = _saved_download(source, architecture)
        disk = None if takes.disk is None else takes.disk - saved
        return replace(takes, disk=disk, download=takes.download - saved)
    return replace(takes, disk=float(bytes_needed(target)), download=0)


def weights(settings: Settings) -> str | None:
    """Say in which precision and quality the fast engine serves the model, on which texts 4 bits
    are calibrated, and whether that is converted; None where that is not known yet.

    Raises:
        SettingInvalid: `SWALLOW_CALIBRATION` cannot be read.
    """
    target = _planned(settings)
    if target is None:
        return None
    said = target.name
    if target.is_calibrated:
        sample = settings.calibration == SAMPLE
        said += f", calibrated on {'the built-in sample' if sample else settings.calibration}"
    loss = loss_of(target.folder)
    if target.source is not None and loss is not None and not (target.kept and loss < KEPT_BELOW):
        said += f"; {told_loss(target.source, loss)}"
    elif target.source is not None and not target.kept:
        said += f", from its {target.source} checkpoint"
    return f"{said}; {'converted' if is_whole(target.folder) else 'the next start converts it'}"


def _planned(settings: Settings) -> Converted | None:
    folder = configured_folder(settings)
    if folder is None:
        return None
    return planned(
        folder,
        name=find(settings.model).name,
        cache=settings.cache,
        precision=settings.precision,
        calibration=settings.calibration,
        kernels=obstacle(settings.cache) is None,
    )


def needs_of(architecture: Architecture, setting: PrecisionSetting, *, kernels: bool) -> Needs:
    """Return what a model takes in the fast engine that is yet to be fetched and converted."""
    precision = choose_precision(architecture, setting)
    kernels = kernels and suits_kernels(architecture, precision)
    download = CHECKPOINT_WIDTH * architecture.parameters
    return Needs(
        memory_needed(architecture, precision, kernels=kernels),
        download + disk_bytes(architecture, precision, kernels=kernels),
        token_bytes(architecture, precision, kernels=kernels),
        download,
    )


def _saved_download(source: Source, architecture: Architecture) -> float:
    """Return how many bytes less a checkpoint on the hub has that is quantised by its name."""
    if "AWQ" not in source.name.upper():
        return 0
    linears = architecture.parameters - sum(
        rows * columns
        for name, (rows, columns) in architecture.matrices.items()
        if name in OUTER_MATRICES
    )
    return (CHECKPOINT_WIDTH - QUANTISED_WIDTH) * linears


def _in_transformers(source: Source) -> Needs:
    """Return what a model takes in transformers: its weights as 16 or 32 bits."""
    widened = 1 if cpu_has_bf16() and source.name != SMALL_MODEL else 2
    if is_local(source):
        weights: float = widened * size_of(source)
        return Needs(TRANSFORMERS_SHARE * weights + TRANSFORMERS_BYTES, 0, weights)
    config = config_of(source.path)
    if config is None:
        return Needs(None, None, None)
    return needs_in_transformers(config, width=widened * CHECKPOINT_WIDTH)


def needs_in_transformers(config: Mapping[str, Any], *, width: int) -> Needs:
    """Return what a model takes in transformers that is yet to be fetched, at `width` bytes a
    weight."""
    if "parameters" in config:
        parameters, active = config["parameters"], config["active_parameters"]
    else:
        parameters = active = read_architecture(config).parameters
    download = CHECKPOINT_WIDTH * parameters
    memory = TRANSFORMERS_SHARE * width * parameters + TRANSFORMERS_BYTES
    return Needs(memory, download, width * active, download)
