"""A model's folder as Hugging Face writes it, read one tensor at a time.

Each tensor is read through a mapping of its own, so that memory of tensors read before is given
back. Does not know what the tensors are for.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from tasks.errors import ConversionFailed, ModelUnsupported

if TYPE_CHECKING:
    import torch


class Checkpoint:
    """The safetensors files and the configuration in `folder`.

    Raises:
        ModelUnsupported: there are no safetensors files.
        ConversionFailed: a file is cut short or not a safetensors file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(folder.glob("*.safetensors"))
        if not self.files:
            raise ModelUnsupported("its weights are not in safetensors files")
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._file_of: dict[str, Path] = {}
        for file in self.files:
            self._read_header(file)

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
        """Return the names of all tensors."""
        return set(self._shapes)

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Check that every tensor of `shapes` exists in its shape.

        Raises:
            ConversionFailed: one is missing, for instance with a whole file, or has another shape.
        """
        for name, shape in shapes.items():
            found = self._shapes.get(name)
            if found != shape:
                what = (
                    f"has shape {list(found)} instead of {list(shape)}" if found else "is missing"
                )
                raise ConversionFailed(
                    f"The model in {self.folder} is not whole: {name} {what}; fetch it again."
                )

    def tensor(self, name: str) -> "torch.Tensor":
        """Return the tensor called `name` in the precision it is stored in."""
        with safe_open(self._file_of[name], "pt") as opened:
            tensor: torch.Tensor = opened.get_tensor(name)
        return tensor

    def _read_header(self, file: Path) -> None:
        try:
            with safe_open(file, "np") as opened:
                for name in opened.keys():  # noqa: SIM118  # `opened` is no mapping
                    self._shapes[name] = tuple(opened.get_slice(name).get_shape())
                    self._file_of[name] = file
        except (SafetensorError, OSError) as error:
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
