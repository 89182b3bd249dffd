"""Packed matrices on disk, one folder each, so that an interrupted conversion continues.

A part appears by a rename. Nobody waits for the disk on its account: what a checksum does not
confirm, after a power cut, is made again. Does not know models or OpenVINO.
"""

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from tasks.engines.openvino.convert.packed import Format, Packed


class Parts:
    """The parts of one conversion under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, make: Callable[[], Packed]) -> Packed:
        """Return the part called `name`, made first where it is not there; its arrays are mapped.

        Raises:
            OSError: it could not be written, for instance because the disk is full.
        """
        folder = self.folder / name
        packed = _read(folder)
        if packed is not None and _checksum(packed) == _noted(folder):
            return packed
        self._write(folder, make())
        written = _read(folder)
        assert written is not None
        return written

    def bytes(self) -> int:
        """Return what is written already."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def _write(self, folder: Path, packed: Packed) -> None:
        aside = folder.with_name(f".{folder.name}")
        for old in (aside, folder):
            shutil.rmtree(old, ignore_errors=True)
        aside.mkdir()
        for what, array in zip(_ARRAYS, _arrays(packed), strict=True):
            np.save(aside / f"{what}.npy", array)
        about = f"{packed.format} {packed.shape[0]} {packed.shape[1]} {_checksum(packed)}"
        (aside / "about").write_text(about, "ascii")
        aside.rename(folder)


_ARRAYS = ("values", "scales", "zeros")


def _read(folder: Path) -> Packed | None:
    try:
        arrays = [np.load(folder / f"{what}.npy", mmap_mode="c") for what in _ARRAYS]
        format, rows, columns, _ = (folder / "about").read_text("ascii").split()
    except (OSError, ValueError, EOFError):
        return None
    return Packed(cast(Format, format), (int(rows), int(columns)), *arrays)


def _arrays(packed: Packed) -> list[np.ndarray[Any, Any]]:
    return [packed.values, packed.scales, packed.zeros]


def _noted(folder: Path) -> int:
    return int((folder / "about").read_text("ascii").split()[-1])


def _checksum(packed: Packed) -> int:
    checksum = 0
    for array in _arrays(packed):
        checksum = zlib.crc32(array.tobytes(), checksum)
    return checksum
