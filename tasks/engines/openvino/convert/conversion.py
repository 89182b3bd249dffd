"""Converts a checkpoint into a folder of the cache: once, by one process, whole or not at all.

Does not know how the graph is built or what serves it.
"""

import logging
import shutil
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.engines.conversion_progress import Progress
from tasks.engines.openvino.convert.architecture import Architecture, read_architecture
from tasks.engines.openvino.convert.calibration.texts import CalibrationTexts, read_texts
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.converted import (
    MODEL,
    WEIGHTS,
    Converted,
    aside_of,
    folder_name,
    has_other_calibration,
    is_whole,
    lock_of,
    remove_abandoned,
    remove_outdated,
    told_loss,
    write_about,
    write_origin,
)
from tasks.engines.openvino.convert.packed_matrix import PackedMatrix
from tasks.engines.openvino.convert.packing import Packing
from tasks.engines.openvino.convert.precision import (
    DEFAULT_QUALITY,
    OUTER_MATRICES,
    Precision,
    choose_precision,
    choose_quality,
    is_exact,
    matrix_formats,
    packed_model_bytes,
    suits_kernels,
)
from tasks.errors import ConversionFailed, ModelUnsupported
from tasks.settings import PrecisionSetting
from trainer.base_model.gguf import ROTARY_FACTORS
from trainer.data.sources import SAMPLE
from trainer.file_lock import locked
from trainer.files import make_private

if TYPE_CHECKING:
    from tasks.engines.openvino.convert.graph import Graph

log = logging.getLogger(__name__)

SPARE_BYTES = 200_000_000
"""Disk space required beyond the matrices: for norms, the graph's XML, and other writers."""


def convert(
    folder: Path,
    *,
    name: str,
    cache: Path,
    precision: PrecisionSetting = "auto",
    kernels: Callable[[], Path | None] = lambda: None,
    calibration: str = SAMPLE,
    progress: Progress = lambda done, total: None,
) -> Converted:
    """Return the converted model of the checkpoint in `folder`, converted first where it is absent.

    `name` begins the name of its folder under `cache`. `calibration` names the texts on which 4-bit
    weights are calibrated, see `read_texts`. `kernels` returns the library of our kernels; it is
    called only where they can compute the model. While another process converts the same, this one
    waits for it. An interrupted conversion continues.

    Raises:
        ModelUnsupported: the graph cannot express this model.
        ConversionFailed: the checkpoint is not whole, or the disk has no room.
        SettingInvalid: `calibration` cannot be read.
    """
    checkpoint = Checkpoint(folder)
    texts = read_texts(calibration)
    target = _target(checkpoint, name, cache, precision, kernels, texts)
    if is_whole(target.folder):
        remove_abandoned(target, checkpoint)
        return target
    make_private(cache)
    if has_other_calibration(target, checkpoint):
        log.warning("%s is converted anew: the texts of SWALLOW_CALIBRATION have changed", name)
    waiting = "another process is converting this model; waiting for it"
    with locked(lock_of(target.folder), on_wait=partial(log.info, waiting)):
        if not is_whole(target.folder):
            _Conversion(checkpoint, target, texts, progress).run()
            remove_outdated(target, checkpoint)
    return target


def planned(
    folder: Path,
    *,
    name: str,
    cache: Path,
    precision: PrecisionSetting,
    kernels: bool,
    calibration: str = SAMPLE,
) -> Converted:
    """Return what `convert` would return, whether that is there or not; raises what that does.

    `kernels` says whether our kernels could be used.
    """
    library = Path() if kernels else None
    texts = read_texts(calibration)
    return _target(Checkpoint(folder), name, cache, precision, lambda: library, texts)


def bytes_needed(target: Converted) -> int:
    """Return how many free bytes converting takes, 0 where it is done."""
    return 0 if is_whole(target.folder) else _disk_bytes_of(target)


def disk_bytes(architecture: Architecture, precision: Precision, *, kernels: bool) -> int:
    """Return how many free bytes converting a model takes from its beginning on."""
    return _to_convert(packed_model_bytes(architecture, precision, kernels=kernels))


def _target(
    checkpoint: Checkpoint,
    name: str,
    cache: Path,
    setting: PrecisionSetting,
    kernels: Callable[[], Path | None],
    texts: CalibrationTexts,
) -> Converted:
    """Return what the checkpoint is converted to, whether that is done or not."""
    architecture = read_architecture(checkpoint.config)
    if any(tensor.endswith(".bias") for tensor in checkpoint.names()):
        raise ModelUnsupported("its linear layers have a bias")
    _check_rotations(checkpoint, architecture)
    precision = choose_precision(architecture, setting)
    library = kernels() if suits_kernels(architecture, precision) else None
    if architecture.experts and library is None:
        raise ModelUnsupported(
            "its experts are computed only by our kernels, at 4 bits, and those cannot be used"
        )
    # What is kept as it is does not depend on the care with which others would be rounded.
    kept = _keeps_all(checkpoint, architecture, precision, kernels=library is not None)
    quality = DEFAULT_QUALITY if kept else choose_quality(setting)
    calibrated = precision == "int4" and quality != "fast" and not kept
    digest = texts.digest if calibrated else None
    kind = folder_name(
        name,
        checkpoint,
        precision,
        kernels=library is not None,
        quality=quality,
        calibration=digest,
    )
    return Converted(
        cache / kind, architecture, precision, library, quality, digest, checkpoint.method, kept
    )


def _check_rotations(checkpoint: Checkpoint, architecture: Architecture) -> None:
    """Refuse a GGUF file that scales its rotary positions otherwise than was read from its fields:
    frequencies are powers of one number when multiplied by what they were divided by."""
    if ROTARY_FACTORS not in checkpoint.names():
        return
    factors = checkpoint.tensor(ROTARY_FACTORS).float().numpy()
    frequencies = np.array(architecture.inverse_frequencies, np.float32)
    if factors.shape == frequencies.shape:
        powers = np.log(frequencies * factors)
        if np.allclose(powers, np.linspace(powers[0], powers[-1], len(powers)), atol=1e-3):
            return
    raise ModelUnsupported("its rotary positions are scaled by factors of its own")


def _keeps_all(
    checkpoint: Checkpoint, architecture: Architecture, precision: Precision, *, kernels: bool
) -> bool:
    """Tell whether all linear layers are quantised on grids that their formats have."""
    if checkpoint.method is None:
        return False
    formats = matrix_formats(architecture, precision, kernels=kernels)
    return all(
        is_exact(format, checkpoint.stored(f"{part}.weight"))
        for name, (format, _) in formats.items()
        if name not in OUTER_MATRICES
        for part in architecture.parts(name)
    )


def _disk_bytes_of(target: Converted) -> int:
    return _to_convert(target.packed_bytes)


def _to_convert(packed_bytes: int) -> int:
    # The stored matrices are removed only after the graph's weights are written.
    return 2 * packed_bytes + SPARE_BYTES


class _Conversion:
    """One conversion, by the one process that holds the lock."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        target: Converted,
        texts: CalibrationTexts,
        progress: Progress,
    ) -> None:
        self.checkpoint = checkpoint
        self.target = target
        self.architecture = target.architecture
        self.aside = aside_of(target.folder)
        self.texts = texts
        self.progress = progress

    @cached_property
    def packing(self) -> Packing:
        """Made while it runs, because it makes a folder."""
        return Packing(self.checkpoint, self.target, self.texts, self.aside, self.progress)

    def run(self) -> None:
        try:
            self._check()
            self._write()
        except OSError as error:
            raise self._failed(error.strerror or str(error)) from error
        except RuntimeError as error:  # what OpenVINO raises when it cannot write
            raise self._failed(str(error).strip().splitlines()[-1]) from error

    def _check(self) -> None:
        shapes = self.architecture.tensors
        self.checkpoint.check({f"{name}.weight": shape for name, shape in shapes.items()})
        needed = _disk_bytes_of(self.target) - self.packing.store.bytes()
        free = shutil.disk_usage(self.aside).free
        if free < needed:
            raise ConversionFailed(
                f"Converting the model takes {needed / 1e9:.1f} GB in {self.aside.parent} and "
                f"{free / 1e9:.1f} GB are free; free some space or set SWALLOW_HOME."
            )

    def _write(self) -> None:
        # What is left of it when it is never finished can be told from others.
        write_origin(self.aside, self.target, self.checkpoint)
        packed = self.packing.packed()
        self._graph(packed).write(self.aside / MODEL)
        packed.clear()  # unmaps the stored matrices, which are removed next
        self._finish()

    def _graph(self, packed: Mapping[str, PackedMatrix]) -> "Graph":
        from tasks.engines.openvino.convert.graph import Graph
        from tasks.engines.openvino.convert.kernel_graph import KernelGraph

        sources = (self.architecture, packed.__getitem__, self._norm)
        kernels = self.target.kernels
        return KernelGraph(*sources, kernels) if kernels else Graph(*sources)

    def _norm(self, name: str) -> NDArray[np.float32]:
        """Return the weights of a norm, [width], or of a router, [experts, width]."""
        weights: NDArray[np.float32] = self.checkpoint.tensor(f"{name}.weight").float().numpy()
        return weights

    def _finish(self) -> None:
        """Check and record what was written, and rename the folder to its final name."""
        size = (self.aside / WEIGHTS).stat().st_size
        if size < self.target.packed_bytes:
            raise self._failed("the weights came out too short")
        loss, source = self.packing.loss(), self.target.source
        if loss is not None and source is not None:
            log.info("%s: %s", self.target.folder.name, told_loss(source, loss))
        write_about(self.aside, self.target, self.checkpoint, loss)
        self.packing.remove()
        shutil.rmtree(self.target.folder, ignore_errors=True)
        self.aside.rename(self.target.folder)

    def _failed(self, reason: str) -> ConversionFailed:
        return ConversionFailed(
            f"The model could not be converted in {self.aside.parent} ({reason}); "
            "free some space, then try again: what is packed already is kept."
        )
