"""Linear layers as the library compressed-tensors stores them in its layout "pack-quantized".

Of a layer [out, in] the checkpoint has `weight_packed` [out, in · bits / 32] int32, where the
lowest bits of each int32 are the leftmost column, `weight_scale` [out, groups], `weight_shape` with
the two numbers of its shape, and where it has zeros `weight_zero_point`: [out · bits / 32, groups]
int32, packed along the rows, or as older versions wrote it [out, groups] int8. Integers and packed
zeros are stored with half their range added. `weight_g_idx` [in] is the group of each column where
the groups are not of neighbours. Source: `PackedQuantizationCompressor` and `pack_to_int32` there.
"""

from collections.abc import Mapping

import torch

from tasks.engines.openvino.convert.sources.grid import (
    FLOATS,
    Grid,
    Read,
    Shapes,
    broken,
    columns_of,
    expect,
    nibbles,
    parts_of,
)
from tasks.engines.openvino.convert.sources.method import WIDTHS
from tasks.engines.openvino.convert.sources.stored import Stored

SHAPE = "weight_shape"
PARTS = ("weight_packed", "weight_scale", "weight_zero_point", "weight_g_idx", SHAPE)
"""The tensors of a layer, by the ends of their names."""


def stored(shapes: Shapes, whole: Mapping[str, list[int]]) -> dict[str, Stored]:
    """Return the quantised layers among the tensors of `shapes`; `whole` holds what stands in each
    `weight_shape`, by its name.

    Raises:
        ConversionFailed: the shapes contradict each other.
    """
    return {
        layer: _stored(layer, shapes, whole.get(f"{layer}.{SHAPE}", []))
        for layer, _, part in (name.rpartition(".") for name in shapes)
        if part == "weight_packed"
    }


def read(layer: str, about: Stored, tensor: Read) -> Grid:
    """Return the grid of `layer`, whose tensors `tensor` returns.

    Raises:
        ConversionFailed: they are not of the layout's types and shapes.
    """
    rows, columns = about.shape
    groups, share = columns // about.group, 32 // about.bits
    part = parts_of(layer, tensor)
    packed = part("weight_packed", (rows, columns // share), "int32")
    integers = _unpacked(packed, about.bits)
    scales = part("weight_scale", (rows, groups), FLOATS).float()
    zeros = torch.full_like(scales, 1 << about.bits >> 1)
    if not about.symmetric:
        name = f"{layer}.weight_zero_point"
        found = tensor(name)
        if found.dtype == torch.int8:
            zeros += expect(name, found, (rows, groups), "int8")
        else:
            expect(name, found, (-(-rows // share), groups), "int32")
            zeros = _unpacked(found.T, about.bits).T[:rows].float()
    order = None
    if about.ordered:
        order = _order(part("weight_g_idx", (columns,), "int32 int64"), about, layer)
    return Grid(about.bits, integers, scales, zeros, order)


def _stored(layer: str, shapes: Shapes, whole: list[int]) -> Stored:
    packed, scales = shapes[f"{layer}.weight_packed"], shapes.get(f"{layer}.weight_scale", ())
    if len(packed) != 2 or len(scales) != 2 or len(whole) != 2 or min(whole) < 1:
        raise broken(f"{layer}.weight_packed", "has no scales or no shape")
    rows, columns = whole
    bits = next((bits for bits in WIDTHS if packed[1] * 32 == columns * bits), None)
    if bits is None or packed[0] != rows:
        raise broken(f"{layer}.weight_packed", f"{list(packed)} cannot hold {rows} × {columns}")
    return Stored(
        (rows, columns),
        bits,
        columns_of(scales[1], columns, f"{layer}.weight_scale"),
        symmetric=f"{layer}.weight_zero_point" not in shapes,
        ordered=f"{layer}.weight_g_idx" in shapes,
    )


def _unpacked(packed: torch.Tensor, bits: int) -> torch.Tensor:
    """Return the integers in `packed` [n, m] int32 as [n, m · 32 / bits] uint8."""
    if bits == 4:
        return nibbles(packed)
    return packed.contiguous().view(torch.uint8).view(len(packed), -1)


def _order(groups: torch.Tensor, about: Stored, layer: str) -> torch.Tensor | None:
    """Return the group of each column, None where they are of neighbours after all."""
    columns = torch.arange(len(groups))
    if (groups == -1).all() or torch.equal(groups.long(), columns // about.group):
        return None
    count = about.shape[1] // about.group
    if not ((groups >= 0) & (groups < count)).all():
        raise broken(f"{layer}.weight_g_idx", f"names groups beyond {count}")
    return groups.long()
