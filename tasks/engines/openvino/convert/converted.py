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
from tasks.engines.openvino.convert.precision import DEFAULT_QUALITY, Precision
from tasks.engines.openvino.convert.sources.method import Method
from tasks.settings import Quality
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


def write_about(
    aside: Path, converted: Converted, checkpoint: Checkpoint, loss: float | None = None
) -> None:
    """Record the files' sizes, the source and the loss in `aside`, and wait until all is on the
    disk."""
    files = [aside / MODEL, aside / WEIGHTS]
    about = {
        "files": {file.name: file.stat().st_size for file in files},
        "source": str(checkpoint.folder),
        "version": VERSIONS[converted.precision],
        "kernels": converted.kernels is not None,
        "quality": converted.quality,
        "calibration": converted.calibration,
        "loss": loss,
    }
    (aside / ABOUT).write_text(json.dumps(about), encoding="utf-8")
    for file in (*files, aside / ABOUT):
        sync_file(file)


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
        if other == converted.folder or not (other / ABOUT).is_file():
            continue
        about = json.loads((other / ABOUT).read_text("utf-8"))
        if (
            about.get("source") == str(checkpoint.folder)
            and about.get("kernels", False) == (converted.kernels is not None)
            and about.get("quality", DEFAULT_QUALITY) == converted.quality
        ):
            found[other] = about
    return found
