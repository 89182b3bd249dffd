"""A model's folder: its configuration as Hugging Face writes it, and its tensors, one at a time.

They are in safetensors files, or in a GGUF file that the folder has a link to. A quantised weight
is there as floats and as a grid. Does not know what the tensors are for.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tasks.engines.openvino.convert.sources.method import Method, method_of
from tasks.engines.openvino.convert.sources.safetensors_files import SafetensorsFiles
from tasks.engines.openvino.convert.sources.stored import Stored
from tasks.errors import ConversionFailed, ModelUnsupported
from trainer.base_model.gguf import LINK

if TYPE_CHECKING:
    import torch

    from tasks.engines.openvino.convert.sources.grid import Grid


class Tensors(Protocol):
    """Where tensors are read from: see `SafetensorsFiles`."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of all tensors."""

    @property
    def stored(self) -> Mapping[str, Stored]:
        """How the quantised ones are quantised."""

    def tensor(self, name: str) -> "torch.Tensor":
        """Return a tensor as floats."""

    def grid(self, name: str) -> "Grid | None":
        """Return a quantised matrix as a grid."""


class Checkpoint:
    """The tensors and the configuration in `folder`.

    `method` says how it is quantised, None where it is not.

    Raises:
        ModelUnsupported: there are no files that are read, or they are quantised in a way that is
            not read.
        ConversionFailed: a file is cut short or of another kind, or the tensors of a quantised
            layer do not fit together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(folder.glob("*.safetensors"))
        self.method: Method | None
        self._tensors: Tensors
        if self.files:
            self.method = method_of(self.config)
            self._tensors = SafetensorsFiles(self.files, self.method)
        elif (folder / LINK).is_symlink():
            from tasks.engines.openvino.convert.sources.gguf_tensors import GgufTensors

            self.files = [(folder / LINK).resolve()]
            self._tensors = GgufTensors(self.files[0])
            self.method = "GGUF"
        else:
            raise ModelUnsupported("its weights are not in safetensors files")

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
        return set(self._tensors.shapes)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of the tensor called `name`."""
        return self._tensors.shapes[name]

    def stored(self, name: str) -> Stored | None:
        """Return how the weight called `name` is quantised; None where it is not."""
        return self._tensors.stored.get(name)

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Check that every tensor of `shapes` exists in its shape.

        Raises:
            ConversionFailed: one is missing, for instance with a whole file, or has another shape.
        """
        for name, shape in shapes.items():
            found = self._tensors.shapes.get(name)
            if found != shape:
                what = (
                    f"has shape {list(found)} instead of {list(shape)}" if found else "is missing"
                )
                raise ConversionFailed(
                    f"The model in {self.folder} is not whole: {name} {what}; fetch it again."
                )

    def tensor(self, name: str) -> "torch.Tensor":
        """Return the tensor called `name` in the precision it is stored in, of a float type that
        keeps it where it is quantised.

        Raises:
            ConversionFailed: what belongs to a quantised one is not of the types and shapes it must
                be of.
        """
        return self._tensors.tensor(name)

    def grid(self, name: str) -> "Grid | None":
        """Return the weight called `name` as integers, scales and zeros; None where it is not
        quantised, or its kind is read as floats only. Raises what `tensor` does."""
        return self._tensors.grid(name)


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
