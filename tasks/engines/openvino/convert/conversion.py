"""Converts a checkpoint into a folder of the cache: once, by one process, whole or not at all.

Does not know how the graph is built or what serves it.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.engines.conversion_progress import Progress
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.calibration.texts import CalibrationTexts, read_texts
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.converted import (
    MODEL,
    WEIGHTS,
    Converted,
    folder_name,
    has_other_calibration,
    is_whole,
    remove_outdated,
    write_about,
)
from tasks.engines.openvino.convert.matrix_store import MatrixStore
from tasks.engines.openvino.convert.packed_matrix import PackedMatrix, stacked
from tasks.engines.openvino.convert.precision import (
    INT4_FROM_PARAMETERS,
    choose_precision,
    choose_quality,
    matrix_formats,
    packed_model_bytes,
    suits_kernels,
)
from tasks.errors import ConversionFailed, ModelUnsupported
from tasks.settings import PrecisionSetting
from trainer.data.sources import SAMPLE
from trainer.errors import ModelMissing
from trainer.file_lock import locked
from trainer.files import make_private

if TYPE_CHECKING:
    import torch

    from tasks.engines.openvino.convert.calibration.importance import Importance
    from tasks.engines.openvino.convert.graph import Graph

log = logging.getLogger(__name__)

BEST_COST = 10
"""What packing block by block takes, in times of packing by importance, for the progress."""

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
        return target
    make_private(cache)
    if has_other_calibration(target, checkpoint):
        log.warning("%s is converted anew: the texts of SWALLOW_CALIBRATION have changed", name)
    waiting = "another process is converting this model; waiting for it"
    with locked(cache / f".{target.folder.name}.lock", on_wait=partial(log.info, waiting)):
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
    return 0 if is_whole(target.folder) else _disk_bytes(target)


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
    precision = choose_precision(architecture, setting)
    library = kernels() if suits_kernels(architecture, precision) else None
    if architecture.experts and library is None:
        raise ModelUnsupported(
            "its experts are computed only by our kernels, at 4 bits, and those cannot be used"
        )
    quality = choose_quality(setting)
    calibrated = precision == "int4" and quality != "fast"
    digest = texts.digest if calibrated else None
    kind = folder_name(
        name,
        checkpoint,
        precision,
        kernels=library is not None,
        quality=quality,
        calibration=digest,
    )
    return Converted(cache / kind, architecture, precision, library, quality, digest)


def _disk_bytes(target: Converted) -> int:
    # The stored matrices are removed only after the graph's weights are written.
    return 2 * packed_model_bytes(target.architecture, target.precision) + SPARE_BYTES


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
        self.texts = texts
        self.progress = progress
        self.architecture = target.architecture
        self.formats = matrix_formats(
            target.architecture, target.precision, kernels=target.kernels is not None
        )
        self.aside = target.folder.with_name(f".{target.folder.name}.part")
        self.matrices = self.aside / "parts"
        self.importance = self.aside / "importance.safetensors"
        # The blocks' weights are read once more for the calibration.
        self.measured = self.architecture.layers * self._block_weights
        self.done, self.total = 0, self.architecture.parameters
        if target.is_calibrated:
            self.total += self.measured
        if target.quality == "best":
            self.total += BEST_COST * self.measured

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
        needed = _disk_bytes(self.target) - MatrixStore(self.matrices).bytes()
        free = shutil.disk_usage(self.aside).free
        if free < needed:
            raise ConversionFailed(
                f"Converting the model takes {needed / 1e9:.1f} GB in {self.aside.parent} and "
                f"{free / 1e9:.1f} GB are free; free some space or set SWALLOW_HOME."
            )

    def _write(self) -> None:
        packed = self.packed(MatrixStore(self.matrices))
        self._graph(packed).write(self.aside / MODEL)
        packed.clear()  # unmaps the stored matrices, which are removed next
        self._finish()

    def packed(self, store: MatrixStore) -> dict[str, PackedMatrix]:
        """Return all matrices by their names, packed first where `store` has them not."""
        importance = self._calibrated(store) if self.target.is_calibrated else {}
        return {
            name: store.get(name, partial(self._pack, name, importance)) for name in self._names()
        }

    def _graph(self, packed: Mapping[str, PackedMatrix]) -> "Graph":
        from tasks.engines.openvino.convert.graph import Graph
        from tasks.engines.openvino.convert.kernel_graph import KernelGraph

        sources = (self.architecture, packed.__getitem__, self._norm)
        kernels = self.target.kernels
        return KernelGraph(*sources, kernels) if kernels else Graph(*sources)

    def _names(self) -> Iterator[str]:
        """Give the matrices' names one by one, and report the progress before each."""
        self.done = self.total - self.architecture.parameters
        for name, (rows, columns) in self.architecture.matrices.items():
            self.progress(self.done, self.total)
            yield name
            self.done += rows * columns
        self.progress(self.total, self.total)

    @property
    def _block_weights(self) -> int:
        block = self.architecture.linears | self.architecture.stacks
        return sum(rows * columns for rows, columns in block.values())

    def _calibrated(self, store: MatrixStore) -> "Importance":
        """Return the importance of the matrices' columns; at the best quality, pack the matrices.

        A model without a tokenizer, or whose matrices cannot be loaded one by one, is packed as if
        every column mattered alike.
        """
        try:
            importance = self._importance()
            if self.target.quality == "best":
                self._pack_best(store)
        except (ModelMissing, ModelUnsupported) as error:
            log.warning("the model is converted without calibration: %s", error)
            return {}
        return importance

    def _pack_best(self, store: MatrixStore) -> None:
        """Pack the blocks' matrices, each on what it gets behind those packed before."""
        from tasks.engines.openvino.convert.calibration.block_by_block import TOKENS, pack_blocks

        pack_blocks(
            self.checkpoint,
            self.texts.ids(self.checkpoint.folder, TOKENS),
            self._dtype(),
            names=self.architecture.matrices,  # not experts, which are too many to measure so
            packed=store.find,
            pack=lambda name, gram: store.get(name, partial(self._pack, name, {}, gram)),
            on_block=lambda number: self.progress(
                self.measured + number * BEST_COST * self._block_weights, self.total
            ),
        )

    def _dtype(self) -> "torch.dtype":
        """Return the type in which the model is computed to calibrate it."""
        import torch

        from trainer.cpu import cpu_has_bf16

        small = self.architecture.parameters < INT4_FROM_PARAMETERS
        return torch.bfloat16 if cpu_has_bf16() and not small else torch.float32

    def _importance(self) -> "Importance":
        """Return the importance of the matrices' columns, measured where it is not stored yet."""
        from safetensors import SafetensorError
        from safetensors.torch import load, save

        from tasks.engines.openvino.convert.calibration.importance import TOKENS, calibrate

        try:
            return load(self.importance.read_bytes())
        except (FileNotFoundError, SafetensorError):  # not measured yet, or spoilt by a power cut
            pass
        measured = calibrate(
            self.checkpoint,
            self.texts.ids(self.checkpoint.folder, TOKENS),
            self._dtype(),
            on_block=lambda number: self.progress(number * self._block_weights, self.total),
        )
        aside = self.importance.with_suffix(".part")
        aside.write_bytes(save(measured))
        aside.rename(self.importance)
        return measured

    def _pack(
        self, name: str, importance: "Importance", gram: "torch.Tensor | None" = None
    ) -> PackedMatrix:
        from tasks.engines.openvino.convert.pack import pack
        from tasks.engines.openvino.convert.quantise.groups import in_parallel

        format, group = self.formats[name]

        def packed(part: str) -> PackedMatrix:
            weight = self.checkpoint.tensor(f"{part}.weight")  # [out, in]
            if not weight.isfinite().all():
                raise ConversionFailed(f"{part} in {self.checkpoint.folder} has weights like NaN.")
            return pack(weight, format, group, importance.get(part), gram)

        parts = self.architecture.parts(name)
        if len(parts) == 1:  # whose rows are shared by the threads
            return packed(name)
        return stacked(in_parallel(packed, parts))

    def _norm(self, name: str) -> NDArray[np.float32]:
        """Return the weights of a norm, [width], or of a router, [experts, width]."""
        weights: NDArray[np.float32] = self.checkpoint.tensor(f"{name}.weight").float().numpy()
        return weights

    def _finish(self) -> None:
        """Check and record what was written, and rename the folder to its final name."""
        size = (self.aside / WEIGHTS).stat().st_size
        if size < packed_model_bytes(self.architecture, self.target.precision):
            raise self._failed("the weights came out too short")
        write_about(self.aside, self.target, self.checkpoint)
        shutil.rmtree(self.matrices)
        self.importance.unlink(missing_ok=True)
        shutil.rmtree(self.target.folder, ignore_errors=True)
        self.aside.rename(self.target.folder)

    def _failed(self, reason: str) -> ConversionFailed:
        return ConversionFailed(
            f"The model could not be converted in {self.aside.parent} ({reason}); "
            "free some space, then try again: what is packed already is kept."
        )
