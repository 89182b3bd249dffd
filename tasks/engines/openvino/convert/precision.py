"""The precision of a converted model, how well it is rounded, and the format of each matrix.

Embeddings and the output layer are kept at 8 bits where the others have 4: every token passes
through them, and no later layer averages their errors out. Knows no files and no OpenVINO.
"""

from typing import Literal, get_args

from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.packed_matrix import (
    BLOCK_GROUP,
    BLOCK_ROWS,
    STEP_GROUP,
    Format,
    packed_bytes,
)
from tasks.engines.openvino.convert.sources.stored import Stored
from tasks.settings import PrecisionSetting, Quality

Precision = Literal["int4", "int8", "bf16"]

QUALITIES: tuple[Quality, ...] = get_args(Quality)
"""All take the same bits. "fast" counts the error of every weight alike, "balanced" by how much the
weight's column matters on the calibration's texts, and "best" has the weights that are rounded
later make up for the errors of those before."""

DEFAULT_QUALITY: Quality = "balanced"

INT4_FROM_PARAMETERS = 1_000_000_000
"""Below, 4 bits change the answers (SmolLM2-135M: a Kullback-Leibler divergence of 0.9 nats per
token), and 8 bits are fast enough."""

INT4_GROUPS: tuple[int, ...] = (128, 64, 32)
"""Neighbouring weights of a row that share a scale at 4 bits: the first that divides a row is
taken. OpenVINO's CPU kernels are fastest at 128."""

SMALL_GROUP = 32
"""The same at 8 bits for models below `INT4_FROM_PARAMETERS`: the groups of GGUF's formats."""

OUTER_MATRICES = ("model.embed_tokens", "lm_head")
"""Embeddings and output layer, by their names in the checkpoint."""


def choose_precision(architecture: Architecture, setting: PrecisionSetting) -> Precision:
    """Return the precision that `setting` means for this model."""
    if setting == "int8" or setting == "bf16":
        return setting
    if architecture.experts:  # which only our kernels compute
        return "int4"
    if setting == "auto" and architecture.parameters < INT4_FROM_PARAMETERS:
        return "int8"
    return "int4"


def choose_quality(setting: PrecisionSetting) -> Quality:
    """Return the quality that `setting` means where the precision is 4 bits."""
    return next((quality for quality in QUALITIES if quality == setting), DEFAULT_QUALITY)


def matrix_formats(
    architecture: Architecture, precision: Precision, *, kernels: bool = False
) -> dict[str, tuple[Format, int]]:
    """Return format and group size of every matrix, by its name in the checkpoint.

    With `kernels` the linear layers are laid out for our kernels; see `suits_kernels`.
    """
    small = architecture.parameters < INT4_FROM_PARAMETERS
    return {
        name: ("blocks", BLOCK_GROUP)
        if kernels and name not in OUTER_MATRICES
        else _format(name, columns, precision, small)
        for name, (_, columns) in architecture.matrices.items()
    }


def is_exact(format: Format, stored: Stored | None) -> bool:
    """Tell whether `format` has the very grid of a matrix that is quantised already."""
    if stored is None or stored.ordered or format == "bf16":
        return False
    if format == "int8":
        return stored.bits in (4, 8)
    of_records = stored.group % BLOCK_GROUP == 0 or stored.group == stored.shape[1]
    return stored.bits == 4 and stored.whole and (format == "int4" or of_records)


def suits_kernels(architecture: Architecture, precision: Precision) -> bool:
    """Tell whether our kernels can compute this model: 4 bits, whole blocks, and pairs of steps."""
    shapes = (architecture.linears | architecture.expert).values()
    return precision == "int4" and all(
        rows % BLOCK_ROWS == 0 and columns % (2 * STEP_GROUP) == 0 and columns >= BLOCK_GROUP
        for rows, columns in shapes
    )


def packed_model_bytes(
    architecture: Architecture, precision: Precision, *, kernels: bool = False
) -> int:
    """Return how many bytes all packed matrices take on disk."""
    return sum(_matrix_bytes(architecture, precision, kernels).values())


def token_bytes(architecture: Architecture, precision: Precision, *, kernels: bool = False) -> int:
    """Return how many bytes of weights are read for a token: of the experts those that are chosen,
    of the embeddings, where they are no output layer, nearly nothing."""
    sizes = _matrix_bytes(architecture, precision, kernels)
    if not architecture.tied:
        del sizes["model.embed_tokens"]
    if (experts := architecture.experts) is not None:
        for name in sizes:
            if len(architecture.parts(name)) > 1:
                sizes[name] = sizes[name] // experts.count * experts.chosen
    return sum(sizes.values())


def _matrix_bytes(
    architecture: Architecture, precision: Precision, kernels: bool
) -> dict[str, int]:
    shapes = architecture.matrices
    # Experts are computed by our kernels alone.
    kernels = kernels or architecture.experts is not None
    formats = matrix_formats(architecture, precision, kernels=kernels)
    return {
        name: packed_bytes(format, shapes[name], group) for name, (format, group) in formats.items()
    }


def _format(name: str, columns: int, precision: Precision, small: bool) -> tuple[Format, int]:
    if precision == "bf16":
        return "bf16", columns
    if precision == "int4" and name not in OUTER_MATRICES and (group := _int4_group(columns)):
        return "int4", group
    if small and columns % SMALL_GROUP == 0:
        return "int8", SMALL_GROUP
    return "int8", columns


def _int4_group(columns: int) -> int | None:
    return next((group for group in INT4_GROUPS if columns % group == 0), None)
