"""A weight matrix as integers with scales and zeros: what every quantised checkpoint comes to.

Knows no files, and no format that the matrix is packed into.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch

from tasks.errors import ConversionFailed

Shapes = Mapping[str, tuple[int, ...]]
"""The shapes of a checkpoint's tensors by their names."""

Read = Callable[[str], torch.Tensor]
"""Returns a tensor of the checkpoint by its name."""

FLOATS = "float16 bfloat16 float32"
"""Types that scales are stored in."""


@dataclass(frozen=True)
class Grid:
    """A weight is scale · (integer - zero).

    `integers` are [out, in] uint8 below 2 ** `bits`, `scales` and `zeros` [out, groups] float32. A
    group is of neighbours, equally many in each, or of the columns that `order` [in] int64 says.
    """

    bits: int
    integers: torch.Tensor
    scales: torch.Tensor
    zeros: torch.Tensor
    order: torch.Tensor | None = None

    @property
    def group(self) -> int:
        """The number of columns in a group."""
        return self.integers.shape[1] // self.scales.shape[1]

    @property
    def is_finite(self) -> bool:
        """Whether all weights are numbers."""
        return bool(self.scales.isfinite().all() and self.zeros.isfinite().all())

    def rows(self, start: int, end: int) -> "Grid":
        """Return the grid of some rows."""
        part = slice(start, end)
        return replace(
            self, integers=self.integers[part], scales=self.scales[part], zeros=self.zeros[part]
        )

    def weights(self) -> torch.Tensor:
        """Return the matrix [out, in] float32."""
        if self.order is not None:
            weights = self.integers.float().sub_(self.zeros[:, self.order])
            return weights.mul_(self.scales[:, self.order])
        groups = self.integers.float().view(*self.scales.shape, -1)
        groups.sub_(self.zeros[..., None]).mul_(self.scales[..., None])
        return groups.view(self.integers.shape)


def nibbles(packed: torch.Tensor) -> torch.Tensor:
    """Return the 4-bit integers in `packed` [n, m] int32, the lowest first, [n, 8 · m] uint8."""
    bytes = packed.contiguous().view(torch.uint8)
    return torch.stack([bytes & 15, bytes >> 4], -1).view(len(packed), -1)


def broken(name: str, why: str) -> ConversionFailed:
    """Return the error that says what is wrong with a tensor."""
    return ConversionFailed(f"The checkpoint's {name} {why}; fetch the model again.")


def expect(name: str, tensor: torch.Tensor, shape: tuple[int, ...], kinds: str) -> torch.Tensor:
    """Return `tensor` where its shape is `shape` and its type one of `kinds`, as in "int32".

    Raises:
        ConversionFailed: it is another.
    """
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind not in kinds.split() or tensor.shape != shape:
        raise broken(name, f"is {kind} {list(tensor.shape)}, not {kinds} {list(shape)}")
    return tensor


Part = Callable[[str, tuple[int, ...], str], torch.Tensor]
"""Returns the tensor of a layer whose name ends so, as `expect` does."""


def parts_of(layer: str, tensor: Read) -> Part:
    """Return what reads the tensors of `layer`, which `tensor` returns by their whole names."""

    def part(end: str, shape: tuple[int, ...], kinds: str) -> torch.Tensor:
        name = f"{layer}.{end}"
        return expect(name, tensor(name), shape, kinds)

    return part


def columns_of(group_counts: int, columns: int, name: str) -> int:
    """Return how many columns each of so many groups has.

    Raises:
        ConversionFailed: the columns cannot be shared out so.
    """
    if group_counts < 1 or columns % group_counts:
        raise broken(name, f"has {group_counts} groups for {columns} columns")
    return columns // group_counts
