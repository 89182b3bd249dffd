"""What packing a quantised matrix changes: the share of its weights, as a root of mean squares.

Kept in a file beside the packed matrices, so that an interrupted conversion knows it of all.
Measured on an eighth of the rows, since unpacking takes as long as packing.
"""

import json
import math
from pathlib import Path

import torch

from tasks.engines.openvino.convert.pack import unpack
from tasks.engines.openvino.convert.packed_matrix import BLOCK_ROWS, PackedMatrix, rows_of
from tasks.engines.openvino.convert.quantise.groups import in_parallel
from tasks.engines.openvino.convert.sources.grid import Grid

PLACES, SHARE = 4, 32
"""How many runs of rows are measured, and of how many rows each is one."""


class Loss:
    """The loss of one conversion's matrices, kept in `file`: a JSON array a line."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def measure(self, name: str, matrix: Grid | torch.Tensor, packed: PackedMatrix) -> None:
        """Keep what packing the matrix called `name`, [out, in], as `packed` changed."""
        blocks = -(-packed.shape[0] // BLOCK_ROWS)

        def measured(place: int) -> tuple[float, float]:
            start = blocks * place // PLACES * BLOCK_ROWS
            end = min(start + -(-blocks // SHARE) * BLOCK_ROWS, packed.shape[0])
            if isinstance(matrix, Grid):
                weights = matrix.rows(start, end).weights()
            else:
                weights = matrix[start:end].float()
            difference = unpack(rows_of(packed, start, end)).sub_(weights)
            return float(difference.square().sum()), float(weights.square().sum())

        found = in_parallel(measured, range(PLACES))
        error, total = (sum(values) for values in zip(*found, strict=True))
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
