"""Packs the matrices of a checkpoint: each by itself, or at the best quality block by block.

What is packed or measured is kept beside the conversion, so that an interrupted one continues.
Does not know the graph, disks that are full, or which conversions there are.
"""

import logging
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.engines.conversion_progress import Progress
from tasks.engines.openvino.convert.calibration.texts import CalibrationTexts
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.converted import Converted
from tasks.engines.openvino.convert.matrix_store import MatrixStore
from tasks.engines.openvino.convert.packed_matrix import Format, PackedMatrix, stacked
from tasks.engines.openvino.convert.precision import INT4_FROM_PARAMETERS, matrix_formats
from tasks.errors import ConversionFailed, ModelUnsupported
from trainer.errors import ModelMissing

if TYPE_CHECKING:
    import torch

    from tasks.engines.openvino.convert.calibration.importance import Importance

log = logging.getLogger(__name__)

BEST_COST = 10
"""What packing block by block takes, in times of packing by importance, for the progress."""


class Packing:
    """The matrices of `checkpoint` packed as `target` says, under `folder`; `texts` calibrate."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        target: Converted,
        texts: CalibrationTexts,
        folder: Path,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self.checkpoint = checkpoint
        self.target = target
        self.texts = texts
        self.progress = progress
        self.architecture = target.architecture
        self.formats = matrix_formats(
            target.architecture, target.precision, kernels=target.kernels is not None
        )
        self.store = MatrixStore(folder / "parts")
        self.importance = folder / "importance.safetensors"
        self.losses = folder / "losses"
        # The blocks' weights are read once more for the calibration.
        self.measured = self.architecture.layers * self._block_weights
        self.done, self.total = 0, self.architecture.parameters
        if target.is_calibrated:
            self.total += self.measured
        if target.quality == "best":
            self.total += BEST_COST * self.measured

    def packed(self) -> dict[str, PackedMatrix]:
        """Return all matrices by their names, packed first where they are not stored."""
        importance = self._calibrated() if self.target.is_calibrated else {}
        return {
            name: self.store.get(name, partial(self._pack, name, importance))
            for name in self._names()
        }

    def remove(self) -> None:
        """Remove what is stored."""
        shutil.rmtree(self.store.folder)
        self.importance.unlink(missing_ok=True)
        self.losses.unlink(missing_ok=True)

    def loss(self) -> float | None:
        """Return by what share packing changed the weights that were quantised before; None where
        none were."""
        if self.checkpoint.method is None:
            return None
        from tasks.engines.openvino.convert.sources.loss import Loss

        return Loss(self.losses).share()

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

    def _calibrated(self) -> "Importance":
        """Return the importance of the matrices' columns; at the best quality, pack the matrices.

        A model without a tokenizer, or whose matrices cannot be loaded one by one, is packed as if
        every column mattered alike.
        """
        try:
            importance = self._importance()
            if self.target.quality == "best":
                self._pack_best()
        except (ModelMissing, ModelUnsupported) as error:
            log.warning("the model is converted without calibration: %s", error)
            return {}
        return importance

    def _pack_best(self) -> None:
        """Pack the blocks' matrices, each on what it gets behind those packed before."""
        from tasks.engines.openvino.convert.calibration.block_by_block import TOKENS, pack_blocks

        pack_blocks(
            self.checkpoint,
            self.texts.ids(self.checkpoint.folder, TOKENS),
            self._dtype(),
            names=self.architecture.matrices,  # not experts, which are too many to measure so
            packed=self.store.find,
            pack=lambda name, gram: self.store.get(name, partial(self._pack, name, {}, gram)),
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
        from tasks.engines.openvino.convert.quantise.groups import in_parallel

        format, group = self.formats[name]

        def packed(part: str) -> PackedMatrix:
            return self._pack_part(part, format, group, importance.get(part), gram)

        parts = self.architecture.parts(name)
        if len(parts) == 1:  # whose rows are shared by the threads
            return packed(name)
        return stacked(in_parallel(packed, parts))

    def _pack_part(
        self,
        name: str,
        format: Format,
        group: int,
        importance: "torch.Tensor | None",
        gram: "torch.Tensor | None",
    ) -> PackedMatrix:
        from tasks.engines.openvino.convert.pack import pack

        if self.checkpoint.stored(f"{name}.weight") is not None:
            return self._pack_quantised(name, format, group, importance, gram)
        return pack(self._weight(name), format, group, importance, gram)

    def _pack_quantised(
        self,
        name: str,
        format: Format,
        group: int,
        importance: "torch.Tensor | None",
        gram: "torch.Tensor | None",
    ) -> PackedMatrix:
        """Pack a matrix that is quantised already, on its own grid where the format has that."""
        from tasks.engines.openvino.convert.on_grid import packed_on_grid
        from tasks.engines.openvino.convert.pack import importance_in, pack
        from tasks.engines.openvino.convert.sources.loss import Loss

        grid = self.checkpoint.grid(f"{name}.weight")
        if grid is not None:
            self._check_numbers(name, grid.is_finite)
            counts = importance if gram is None else importance_in(gram)
            packed = packed_on_grid(grid, format, group, counts)
            if packed is not None:
                Loss(self.losses).measure(name, grid, packed)
                return packed
        weight = self._weight(name)
        packed = pack(weight, format, group, importance, gram)
        Loss(self.losses).measure(name, weight, packed)
        return packed

    def _weight(self, name: str) -> "torch.Tensor":
        """Return the weight of a layer as floats, [out, in]."""
        weight = self.checkpoint.tensor(f"{name}.weight")
        self._check_numbers(name, weight.isfinite().all())
        return weight

    def _check_numbers(self, name: str, finite: "bool | torch.Tensor") -> None:
        if not finite:
            raise ConversionFailed(f"{name} in {self.checkpoint.folder} has weights like NaN.")
