"""The quantised linear layers of a checkpoint, whichever way they are stored."""

from collections.abc import Mapping

from tasks.engines.openvino.convert.sources import awq, compressed_tensors
from tasks.engines.openvino.convert.sources.grid import Grid, Read, Shapes
from tasks.engines.openvino.convert.sources.method import Method
from tasks.engines.openvino.convert.sources.stored import Stored


class Layers:
    """The layers that `method` stored, among tensors of `shapes`.

    `whole` holds what stands in each tensor called `weight_shape`.

    Raises:
        ConversionFailed: the shapes contradict each other.
    """

    def __init__(self, method: Method, shapes: Shapes, whole: Mapping[str, list[int]]) -> None:
        is_awq = method == "AWQ"
        self._read = awq.read if is_awq else compressed_tensors.read
        self._ends = awq.PARTS if is_awq else compressed_tensors.PARTS
        self.stored: Mapping[str, Stored] = (
            awq.stored(shapes) if is_awq else compressed_tensors.stored(shapes, whole)
        )

    def has_part(self, name: str) -> bool:
        """Tell whether the tensor called `name` is a part of one of these layers."""
        layer, _, end = name.rpartition(".")
        return layer in self.stored and end in self._ends

    def grid(self, layer: str, tensor: Read) -> Grid:
        """Return the grid of `layer`, whose tensors `tensor` returns.

        Raises:
            ConversionFailed: they are not of the types and shapes that they must be of.
        """
        return self._read(layer, self.stored[layer], tensor)
