"""A model's folder as Hugging Face writes it, read one tensor at a time.

Each tensor is read through a mapping of its own, so that memory of tensors read before is given
back. Where linear layers are quantised, a layer's weight is there under the name it would have
otherwise, as floats and as a grid. Does not know what the tensors are for.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from tasks.engines.openvino.convert.sources.method import Method, method_of
from tasks.engines.openvino.convert.sources.stored import Stored
from tasks.errors import ConversionFailed, ModelUnsupported

if TYPE_CHECKING:
    import torch

    from tasks.engines.openvino.convert.sources.grid import Grid
    from tasks.engines.openvino.convert.sources.layers import Layers

WEIGHT = ".weight"


class Checkpoint:
    """The safetensors files and the configuration in `folder`.

    Raises:
        ModelUnsupported: there are no safetensors files, or they are quantised in a way that is not
            read.
        ConversionFailed: a file is cut short or not a safetensors file, or the tensors of a
            quantised layer do not fit together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(folder.glob("*.safetensors"))
        if not self.files:
            raise ModelUnsupported("its weights are not in safetensors files")
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._file_of: dict[str, Path] = {}
        self._shape_of: dict[str, list[int]] = {}  # what stands in tensors called `weight_shape`
        for file in self.files:
            self._read_header(file)
        self.method: Method | None = method_of(self.config)
        self._layers = self._quantised_layers(self.method)

    @property
    def config(self) -> Mapping[str, Any]:
        """The content of `config.json`."""
        return read_config(self.folder)

    @property
    def identity(self) -> list[list[str | int]]:
        """Return name, size and version of each file; one of them differs after a change.

        The version is the hash of the content in Hugging Face's cache, where each file is a link
        to one named by its hash, and the modification time (ns) elsewhere.
        """
        files = [*self.files, self.folder / "config.json"]
        return [[file.name, file.stat().st_size, _version(file)] for file in files]

    def names(self) -> set[str]:
        """Return the names of all tensors; the weights of quantised layers as if they were not."""
        if self._layers is None:
            return set(self._shapes)
        plain = {name for name in self._shapes if not self._layers.has_part(name)}
        return plain | {f"{layer}{WEIGHT}" for layer in self._layers.stored}

    def stored(self, name: str) -> Stored | None:
        """Return how the weight called `name` is quantised; None where it is not."""
        if self._layers is None or not name.endswith(WEIGHT):
            return None
        return self._layers.stored.get(name.removesuffix(WEIGHT))

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Check that every tensor of `shapes` exists in its shape.

        Raises:
            ConversionFailed: one is missing, for instance with a whole file, or has another shape.
        """
        for name, shape in shapes.items():
            about = self.stored(name)
            found = self._shapes.get(name) if about is None else about.shape
            if found != shape:
                what = (
                    f"has shape {list(found)} instead of {list(shape)}" if found else "is missing"
                )
                raise ConversionFailed(
                    f"The model in {self.folder} is not whole: {name} {what}; fetch it again."
                )

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
        if self._layers is None or self.stored(name) is None:
            return None
        return self._layers.grid(name.removesuffix(WEIGHT), self._tensor)

    def _quantised_layers(self, method: Method | None) -> "Layers | None":
        if method is None:
            return None
        from tasks.engines.openvino.convert.sources.layers import Layers

        return Layers(method, self._shapes, self._shape_of)

    def _tensor(self, name: str) -> "torch.Tensor":
        with safe_open(self._file_of[name], "pt") as opened:
            tensor: torch.Tensor = opened.get_tensor(name)
        return tensor

    def _read_header(self, file: Path) -> None:
        try:
            with safe_open(file, "np") as opened:
                for name in opened.keys():  # noqa: SIM118  # `opened` is no mapping
                    about = opened.get_slice(name)
                    self._shapes[name] = tuple(about.get_shape())
                    self._file_of[name] = file
                    # Read here, because opening a file that has thousands of tensors takes long.
                    if name.endswith(".weight_shape") and about.get_shape() == [2]:
                        self._shape_of[name] = opened.get_tensor(name).astype(int).tolist()
        except (SafetensorError, OSError, TypeError) as error:
            raise ConversionFailed(
                f"{file} is broken or cut short ({error}); fetch the model again."
            ) from error


def read_config(folder: Path) -> Mapping[str, Any]:
    """Return the content of `folder`'s `config.json`.

    Raises:
        ConversionFailed: it is missing or not a JSON object.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConversionFailed(f"{folder / 'config.json'} cannot be read ({error}).") from error
    if not isinstance(config, dict):
        raise ConversionFailed(f"{folder / 'config.json'} is not a JSON object.")
    return config


def _version(file: Path) -> str | int:
    return file.resolve().name if file.is_symlink() else file.stat().st_mtime_ns
