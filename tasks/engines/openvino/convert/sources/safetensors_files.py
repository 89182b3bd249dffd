"""The tensors of a folder's safetensors files, read one at a time.

Each is read through a mapping of its own, so that memory of tensors read before is given back. The
weight of a quantised layer is there under the name that it would have otherwise.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from tasks.engines.openvino.convert.sources.method import Method
from tasks.engines.openvino.convert.sources.stored import Stored
from tasks.errors import ConversionFailed

if TYPE_CHECKING:
    import torch

    from tasks.engines.openvino.convert.sources.grid import Grid
    from tasks.engines.openvino.convert.sources.layers import Layers

WEIGHT = ".weight"


class SafetensorsFiles:
    """The tensors of `files`, whose linear layers may be quantised by `method`.

    `shapes` are those of all tensors by their names, `stored` says of the quantised ones how.

    Raises:
        ConversionFailed: a file is cut short or not a safetensors file, or the tensors of a
            quantised layer do not fit together.
    """

    def __init__(self, files: Sequence[Path], method: Method | None) -> None:
        self._file_of: dict[str, Path] = {}
        self._shape_of: dict[str, list[int]] = {}  # what stands in tensors called `weight_shape`
        self._layers: Layers | None = None
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.stored: Mapping[str, Stored] = {}
        for file in files:
            self._read_header(file)
        if method is not None:
            self._quantised(method)

    def tensor(self, name: str) -> "torch.Tensor":
        """Return the tensor called `name` in the precision it is stored in, float32 where it is
        quantised.

        Raises:
            ConversionFailed: what belongs to a quantised one is not of the types and shapes it must
                be of.
        """
        grid = self.grid(name)
        return self._tensor(name) if grid is None else grid.weights()

    def grid(self, name: str) -> "Grid | None":
        """Return the weight called `name` as integers, scales and zeros; None where it is not
        quantised. Raises what `tensor` does."""
        if self._layers is None or name not in self.stored:
            return None
        return self._layers.grid(name.removesuffix(WEIGHT), self._tensor)

    def _quantised(self, method: Method) -> None:
        """Put the weights of quantised layers in the place of what they are stored as."""
        from tasks.engines.openvino.convert.sources.layers import Layers

        layers = self._layers = Layers(method, self.shapes, self._shape_of)
        self.stored = {f"{layer}{WEIGHT}": about for layer, about in layers.stored.items()}
        self.shapes = {
            name: shape for name, shape in self.shapes.items() if not layers.has_part(name)
        } | {name: about.shape for name, about in self.stored.items()}

    def _tensor(self, name: str) -> "torch.Tensor":
        with safe_open(self._file_of[name], "pt") as opened:
            tensor: torch.Tensor = opened.get_tensor(name)
        return tensor

    def _read_header(self, file: Path) -> None:
        try:
            with safe_open(file, "np") as opened:
                for name in opened.keys():  # noqa: SIM118  # `opened` is no mapping
                    about = opened.get_slice(name)
                    self.shapes[name] = tuple(about.get_shape())
                    self._file_of[name] = file
                    # Read here, because opening a file that has thousands of tensors takes long.
                    if name.endswith(".weight_shape") and about.get_shape() == [2]:
                        self._shape_of[name] = opened.get_tensor(name).astype(int).tolist()
        except (SafetensorError, OSError, TypeError) as error:
            raise ConversionFailed(
                f"{file} is broken or cut short ({error}); fetch the model again."
            ) from error
