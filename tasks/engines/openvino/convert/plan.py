"""Which matrix is packed how, for a precision an operator asked for.

Embeddings and the output layer stay at 8 bits: every token passes through them, and their errors
are not averaged over layers. Knows no files and no OpenVINO.
"""

from typing import Literal

from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.packed import BLOCK, BLOCK_GROUP, Format, packed_bytes

Precision = Literal["int4", "int8", "bf16"]
Wanted = Literal["auto", "int4", "int8", "bf16"]
"""What `SWALLOW_PRECISION` may say."""

INT4_FROM_PARAMETERS = 1_000_000_000
"""Smaller models suffer from four bits (SmolLM2-135M: KL 0.9) and are fast enough with eight."""

GROUPS = (128, 64, 32)
"""Neighbouring weights of a row that share a scale: the most that divides a row is taken, 128 where
it does, which the CPU's kernels are fastest at."""

SMALL_GROUP = 32
"""The same for small models at 8 bits: what GGUF files were quantised in before."""

ENDS = ("model.embed_tokens", "lm_head")


def choose_precision(architecture: Architecture, wanted: Wanted) -> Precision:
    """Return the precision `wanted` means for this model."""
    if wanted != "auto":
        return wanted
    return "int4" if architecture.parameters >= INT4_FROM_PARAMETERS else "int8"


def plan(
    architecture: Architecture, precision: Precision, *, kernels: bool = False
) -> dict[str, tuple[Format, int]]:
    """Return format and group of every matrix, by its name in the checkpoint.

    With `kernels` the linear layers are laid out for our own kernels; see `suits_kernels`.
    """
    small = architecture.parameters < INT4_FROM_PARAMETERS
    return {
        name: ("blocks", BLOCK_GROUP)
        if kernels and name not in ENDS
        else _of(name, columns, precision, small)
        for name, (_, columns) in architecture.matrices.items()
    }


def suits_kernels(architecture: Architecture, precision: Precision) -> bool:
    """Tell whether our own kernels can compute this model: 4 bits, and whole blocks."""
    shapes = architecture.linears.values()
    return precision == "int4" and all(
        rows % BLOCK == 0 and columns % BLOCK_GROUP == 0 for rows, columns in shapes
    )


def planned_bytes(architecture: Architecture, precision: Precision) -> int:
    """Return how much the packed matrices take on disk."""
    shapes = architecture.matrices
    return sum(
        packed_bytes(format, shapes[name], group)
        for name, (format, group) in plan(architecture, precision).items()
    )


def _of(name: str, columns: int, precision: Precision, small: bool) -> tuple[Format, int]:
    if precision == "bf16":
        return "bf16", columns
    if precision == "int4" and name not in ENDS and (group := _group(columns)):
        return "int4", group
    if small and columns % SMALL_GROUP == 0:
        return "int8", SMALL_GROUP
    return "int8", columns


def _group(columns: int) -> int | None:
    return next((group for group in GROUPS if columns % group == 0), None)
