"""What packing a quantised matrix changes: the share of its weights, as a root of mean squares.

Kept in a file beside the packed matrices, so that an interrupted conversion knows it of all.
Measured on every eighth block of rows, since unpacking takes as long as packing.
"""

import json
import math
from pathlib import Path

import torch

from tasks.engines.openvino.convert.pack import unpack
from tasks.engines.openvino.convert.packed_matrix import BLOCK_ROWS, PackedMatrix, rows_of
from tasks.engines.openvino.convert.sources.grid import Grid

EVERY = 8
"""Of so many blocks of rows, one is measured."""


class Loss:
    """The loss of one conversion's matrices, kept in `file`: a JSON array a line."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def measure(self, name: str, matrix: Grid | torch.Tensor, packed: PackedMatrix) -> None:
        """Keep what packing the matrix called `name`, [out, in], as `packed` changed."""
        error = total = 0.0
        for start in range(0, packed.shape[0], EVERY * BLOCK_ROWS):
            end = min(start + BLOCK_ROWS, packed.shape[0])
            weights = (
                matrix.rows(start, end).weights()
                if isinstance(matrix, Grid)
                else matrix[start:end].float()
            )
            error += float((unpack(rows_of(packed, start, end)) - weights).square().sum())
            total += float(weights.square().sum())
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([name, error, total]) + "\n")

    def share(self) -> float | None:
        """Return the loss over all matrices, of 1; None where none was measured."""
        measured: dict[str, tuple[float, float]] = {}
        try:
            lines = self.file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return None
        for line in lines:
            try:
                name, error, total = json.loads(line)
            except ValueError:  # cut short when the conversion was
                continue
            measured[name] = (error, total)
        error, total = (sum(pair[which] for pair in measured.values()) for which in (0, 1))
        return math.sqrt(error / total) if total else 0.0
