"""Linear layers as AutoAWQ stores them in its layout "GEMM".

Of a layer [out, in] the checkpoint has `qweight` [in, out / 8] int32, `scales` [in / group, out]
float16 and `qzeros` [in / group, out / 8] int32. Eight columns of the layer's output share an
int32; from the lowest 4 bits on it holds the columns 0, 2, 4, 6, 1, 3, 5, 7 of the eight.
Source: AutoAWQ's `WQLinear_GEMM` and its `AWQ_ORDER`.
"""

import torch

from tasks.engines.openvino.convert.sources.grid import (
    FLOATS,
    Grid,
    Read,
    Shapes,
    broken,
    columns_of,
    nibbles,
    parts_of,
)
from tasks.engines.openvino.convert.sources.stored import Stored

PARTS = ("qweight", "qzeros", "scales")
"""The tensors of a layer, by the ends of their names."""

BITS = 4


def stored(shapes: Shapes) -> dict[str, Stored]:
    """Return the quantised layers among the tensors of `shapes`.

    Raises:
        ConversionFailed: the shapes contradict each other.
    """
    return {
        layer: _stored(layer, shapes)
        for layer, _, part in (name.rpartition(".") for name in shapes)
        if part == "qweight"
    }


def read(layer: str, about: Stored, tensor: Read) -> Grid:
    """Return the grid of `layer`, whose tensors `tensor` returns.

    Raises:
        ConversionFailed: they are not of the layout's types and shapes.
    """
    rows, columns = about.shape
    groups = columns // about.group
    part = parts_of(layer, tensor)
    integers = _in_order(part("qweight", (columns, rows // 8), "int32"))
    scales = part("scales", (groups, rows), FLOATS).float().T.contiguous()
    if about.symmetric:
        zeros = torch.full_like(scales, 1 << BITS >> 1)
    else:
        zeros = _in_order(part("qzeros", (groups, rows // 8), "int32")).float()
    return Grid(BITS, integers, scales, zeros)


def _stored(layer: str, shapes: Shapes) -> Stored:
    packed, scales = shapes[f"{layer}.qweight"], shapes.get(f"{layer}.scales", ())
    if len(packed) != 2 or len(scales) != 2:
        raise broken(f"{layer}.qweight", "has no scales, or is no matrix")
    columns, rows = packed[0], packed[1] * 8
    group = columns_of(scales[0], columns, f"{layer}.scales")
    return Stored((rows, columns), BITS, group, symmetric=f"{layer}.qzeros" not in shapes)


def _in_order(packed: torch.Tensor) -> torch.Tensor:
    """Return the integers in `packed` [n, out / 8] int32 as [out, n] uint8."""
    n = len(packed)
    halves = nibbles(packed).view(n, -1, 2, 4)  # the even columns of eight, then the odd ones
    return halves.permute(1, 3, 2, 0).reshape(-1, n)
