"""Packed matrices on disk, one folder each, so that an interrupted conversion can continue.

A matrix appears by a rename, without waiting for the disk. A power cut may therefore leave a
spoilt one; its checksum shows that, and it is packed again. Does not know models or OpenVINO.
"""

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from tasks.engines.openvino.convert.packed_matrix import Format, PackedMatrix
from trainer.files import make_private

ARRAYS = ("values", "scales", "zeros")
"""The arrays of a matrix; each is a file of this name with the ending `.npy`."""


class MatrixStore:
    """The packed matrices of one conversion, under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_private(folder)

    def get(self, name: str, pack: Callable[[], PackedMatrix]) -> PackedMatrix:
        """Return the matrix called `name`, packed first where it is not stored.

        Its arrays are mapped from the files.

        Raises:
            OSError: it could not be written, for instance because the disk is full.
        """
        if (stored := self.find(name)) is not None:
            return stored
        folder = self.folder / name
        self._write(folder, pack())
        written = _read(folder)
        assert written is not None
        return written

    def find(self, name: str) -> PackedMatrix | None:
        """Return the matrix called `name`, None where it is not stored or spoilt."""
        stored = _read(self.folder / name)
        if stored is None or _checksum(stored) != _stored_checksum(self.folder / name):
            return None
        return stored

    def bytes(self) -> int:
        """Return how many bytes are stored."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def _write(self, folder: Path, packed: PackedMatrix) -> None:
        aside = folder.with_name(f".{folder.name}")
        for old in (aside, folder):
            shutil.rmtree(old, ignore_errors=True)
        aside.mkdir()
        for name in ARRAYS:
            np.save(aside / f"{name}.npy", getattr(packed, name))
        about = f"{packed.format} {packed.shape[0]} {packed.shape[1]} {_checksum(packed)}"
        (aside / "about").write_text(about, "ascii")
        aside.rename(folder)


def _read(folder: Path) -> PackedMatrix | None:
    """Return the matrix in `folder`, None where it is absent or visibly broken."""
    try:
        arrays: list[Any] = [np.load(folder / f"{name}.npy", mmap_mode="c") for name in ARRAYS]
        format, rows, columns, _ = (folder / "about").read_text("ascii").split()
    except (OSError, ValueError, EOFError):
        return None
    return PackedMatrix(cast(Format, format), (int(rows), int(columns)), *arrays)


def _stored_checksum(folder: Path) -> int:
    return int((folder / "about").read_text("ascii").split()[-1])


def _checksum(packed: PackedMatrix) -> int:
    """Return the CRC-32 of all arrays, one after another."""
    checksum = 0
    for name in ARRAYS:
        checksum = zlib.crc32(getattr(packed, name).tobytes(), checksum)
    return checksum
