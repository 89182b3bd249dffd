"""A model's folder as Hugging Face writes it, read one tensor at a time.

Every tensor is read through a mapping of its own, so that what was read does not stay resident.
Does not know what the tensors are for.
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
        ConversionFailed: a file is cut short or otherwise no safetensors file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(folder.glob("*.safetensors"))
        if not self.files:
            raise ModelUnsupported("its weights are not in safetensors files")
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._file_of: dict[str, Path] = {}
        for file in self.files:
            self._look_into(file)

    @property
    def config(self) -> Mapping[str, Any]:
        """The content of `config.json`."""
        return read_config(self.folder)

    @property
    def identity(self) -> list[list[str | int]]:
        """Return what changes when the files do: name, size, and content's name or date.

        In the hub's cache a file is a link to one named by its content; elsewhere the date counts.
        """
        files = [*self.files, self.folder / "config.json"]
        return [[file.name, file.stat().st_size, _version(file)] for file in files]

    def names(self) -> set[str]:
        """Return the names of all tensors."""
        return set(self._shapes)

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Insist that every tensor of `shapes` is there in its shape.

        Raises:
            ConversionFailed: one is missing, for instance because a file is, or has another shape.
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

    def _look_into(self, file: Path) -> None:
        try:
            with safe_open(file, "np") as opened:
                for name in opened.keys():  # noqa: SIM118  # no mapping, it only has `keys`
                    self._shapes[name] = tuple(opened.get_slice(name).get_shape())
                    self._file_of[name] = file
        except (SafetensorError, OSError) as error:
            raise ConversionFailed(
                f"{file} is broken or cut short ({error}); fetch the model again."
            ) from error


def read_config(folder: Path) -> Mapping[str, Any]:
    """Return the content of `folder`'s `config.json`.

    Raises:
        ConversionFailed: it is not there or no JSON object.
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
