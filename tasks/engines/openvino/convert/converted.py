"""The folder of a converted model in the cache: its name, whether it is whole, which are outdated.

Does not know how a model is converted or what serves it.
"""

import hashlib
import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.precision import (
    DEFAULT_QUALITY,
    Precision,
    packed_model_bytes,
)
from tasks.engines.openvino.convert.sources.method import Method
from tasks.settings import Quality
from trainer.file_lock import is_locked
from trainer.files import sync_file

log = logging.getLogger(__name__)

VERSIONS: dict[Precision, int] = {"int4": 3, "int8": 2, "bf16": 2}
"""To be raised whenever the same checkpoint would be converted to another graph."""

KEPT_BELOW = 5e-4
"""A loss that only the scales' rounding to float16 makes; a bfloat16's is five times as large."""

MODEL, WEIGHTS, ABOUT = "openvino_model.xml", "openvino_model.bin", "about.json"


@dataclass(frozen=True)
class Converted:
    """A converted model: its folder, its architecture, the precision of its linear layers, the
    library of our kernels, None where its graph needs none, the quality of 4-bit weights, and the
    digest of the texts they were calibrated on, None for the built-in sample's or none.

    `source` says how its checkpoint was quantised, None where it was not, and `kept` that the
    linear layers have those very weights.
    """

    folder: Path
    architecture: Architecture
    precision: Precision
    kernels: Path | None = None
    quality: Quality = DEFAULT_QUALITY
    calibration: str | None = None
    source: Method | None = None
    kept: bool = False

    @property
    def is_calibrated(self) -> bool:
        """Whether its integers were chosen by what the layers get as input."""
        return self.precision == "int4" and self.quality != "fast" and not self.kept

    @property
    def packed_bytes(self) -> int:
        """How many bytes all its packed matrices take on disk."""
        has_kernels = self.kernels is not None
        return packed_model_bytes(self.architecture, self.precision, kernels=has_kernels)

    @property
    def name(self) -> str:
        """What people call its precision, such as `int4 (balanced)`."""
        if self.kept:
            return f"{self.precision} (kept from {self.source})"
        return f"int4 ({self.quality})" if self.precision == "int4" else self.precision


def folder_name(
    name: str,
    checkpoint: Checkpoint,
    precision: Precision,
    *,
    kernels: bool,
    quality: Quality = DEFAULT_QUALITY,
    calibration: str | None = None,
) -> str:
    """Return the folder's name: `name` for people, and a key that changes with the content.

    `calibration` is the digest of the calibration's texts, None for the sample's.
    """
    content: list[Any] = [checkpoint.identity, precision, VERSIONS[precision]]
    if kernels:
        content.append("kernels")
    if quality != DEFAULT_QUALITY:
        content.append(quality)
    if calibration:
        content.append(calibration)
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
    return f"{name}-{precision}-{key}"


def is_whole(folder: Path) -> bool:
    """Tell whether `folder` holds a conversion with files of the sizes they were written in."""
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        return all((folder / n).stat().st_size == size for n, size in about["files"].items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def loss_of(folder: Path) -> float | None:
    """Return by what share packing changed the weights of a quantised checkpoint; None of others,
    and where `folder` is not there."""
    try:
        loss = json.loads((folder / ABOUT).read_text("utf-8")).get("loss")
    except (OSError, ValueError, AttributeError):
        return None
    return loss if isinstance(loss, float) else None


def told_loss(source: Method, loss: float) -> str:
    """Say what became of the weights of a quantised checkpoint, for people."""
    if loss < KEPT_BELOW:
        return f"the weights are those of its {source} checkpoint"
    return (
        f"the weights of its {source} checkpoint were rounded again, "
        f"which changed them by {loss:.1%} (root of the mean square)"
    )


def aside_of(folder: Path) -> Path:
    """Return the folder in which a conversion to `folder` is written until it is whole."""
    return folder.with_name(f".{folder.name}.part")


def lock_of(folder: Path) -> Path:
    """Return the file that is locked while a model is converted to `folder`."""
    return folder.with_name(f".{folder.name}.lock")


def write_origin(aside: Path, converted: Converted, checkpoint: Checkpoint) -> None:
    """Record in `aside` what is converted there, before it is whole."""
    (aside / ABOUT).write_text(json.dumps(_origin(converted, checkpoint)), encoding="utf-8")


def write_about(
    aside: Path, converted: Converted, checkpoint: Checkpoint, loss: float | None = None
) -> None:
    """Record the files' sizes, the source and the loss in `aside`, and wait until all is on the
    disk."""
    files = [aside / MODEL, aside / WEIGHTS]
    about = {
        "files": {file.name: file.stat().st_size for file in files},
        **_origin(converted, checkpoint),
        "loss": loss,
    }
    (aside / ABOUT).write_text(json.dumps(about), encoding="utf-8")
    for file in (*files, aside / ABOUT):
        sync_file(file)


def _origin(converted: Converted, checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "source": str(checkpoint.folder),
        "version": VERSIONS[converted.precision],
        "kernels": converted.kernels is not None,
        "quality": converted.quality,
        "calibration": converted.calibration,
    }


def remove_outdated(converted: Converted, checkpoint: Checkpoint) -> None:
    """Remove what the same source was converted to before its files, its version or its calibration
    changed.

    Conversions with our kernels and without are kept apart: a machine with another CPU that shares
    this cache may serve the other one. So are those of each quality, of which one may be served
    while another is prepared.
    """
    for other in _others(converted, checkpoint):
        log.info("removing the outdated conversion %s", other.name)
        shutil.rmtree(other, ignore_errors=True)
    remove_abandoned(converted, checkpoint)


def remove_abandoned(converted: Converted, checkpoint: Checkpoint) -> None:
    """Remove what is left of conversions that `converted` takes the place of, and that were never
    finished; one that another process is at stays."""
    prefix = converted.folder.name.rpartition("-")[0]
    for aside in converted.folder.parent.glob(f".{prefix}-*.part"):
        final = aside.with_name(aside.name.removeprefix(".").removesuffix(".part"))
        if final == converted.folder or is_locked(lock_of(final)):
            continue
        if _replaces(converted, aside, checkpoint) is not None:
            log.info("removing a conversion that was never finished: %s", aside.name)
            shutil.rmtree(aside, ignore_errors=True)


def has_other_calibration(converted: Converted, checkpoint: Checkpoint) -> bool:
    """Tell whether the same source was converted alike, but calibrated on other texts."""
    return any(
        about.get("calibration") != converted.calibration
        for about in _others(converted, checkpoint).values()
    )


def _others(converted: Converted, checkpoint: Checkpoint) -> dict[Path, dict[str, Any]]:
    """Return the folders that `converted` takes the place of, with what is recorded in each."""
    prefix = converted.folder.name.rpartition("-")[0]
    found = {}
    for other in converted.folder.parent.glob(f"{prefix}-*"):
        about = _replaces(converted, other, checkpoint) if other != converted.folder else None
        if about is not None:
            found[other] = about
    return found


def _replaces(converted: Converted, other: Path, checkpoint: Checkpoint) -> dict[str, Any] | None:
    """Return what is recorded in `other` where `converted` takes its place; None elsewhere."""
    try:
        about: dict[str, Any] = json.loads((other / ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    same = (
        about.get("source") == str(checkpoint.folder)
        and about.get("kernels", False) == (converted.kernels is not None)
        and about.get("quality", DEFAULT_QUALITY) == converted.quality
    )
    return about if same else None
