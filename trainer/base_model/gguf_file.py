"""The header of a GGUF file, and its tensors as raw bytes.

What a file says is data: every length is checked against the file's size before anything is read,
which the package `gguf` does not do. It does not know what the tensors are for. Source of the
format: `docs/gguf.md` in the repository of ggml.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MOST_ENTRIES = 1 << 20
"""Fields, tensors and words of a vocabulary that a file may have."""

MOST_BYTES = 1 << 26
"""Bytes of one of them."""

SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
"""The layout of a value, by the number of its type."""
STRING, ARRAY = 8, 9


class GgufBroken(ValueError):
    """The file is not a GGUF file, cut short, or contradicts itself; the message says where."""


@dataclass(frozen=True)
class GgufTensor:
    """A tensor of `shape`, the fastest running dimension last, whose rows take `row_bytes`.

    `kind` is the name of its type, such as "Q4_K", `block` how many weights are stored together.
    """

    kind: str
    shape: tuple[int, ...]
    block: int
    row_bytes: int
    offset: int

    @property
    def rows(self) -> int:
        """The number of rows, over all dimensions but the last."""
        return math.prod(self.shape[:-1])


class GgufFile:
    """The file at `path`: `fields` by their names, without arrays, and `tensors` by theirs.

    Raises:
        GgufBroken: see there.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fields: dict[str, Any] = {}
        self.tensors: dict[str, GgufTensor] = {}
        self._size = path.stat().st_size
        if self._size < 24:
            raise GgufBroken(f"{path} is too short for a GGUF file")
        self._at = 0
        with path.open("rb") as opened:
            self._opened: IO[bytes] = opened
            self._read()

    def data(self, name: str) -> NDArray[np.uint8]:
        """Return the rows of the tensor called `name`, mapped from the file, [rows, bytes]."""
        tensor = self.tensors[name]
        shape = (tensor.rows, tensor.row_bytes)
        return np.memmap(self.path, np.uint8, "r", offset=tensor.offset, shape=shape)

    def _read(self) -> None:
        if self._take(4) != b"GGUF" or self._number("<I") not in (2, 3):
            raise GgufBroken(f"{self.path} is not a GGUF file of version 2 or 3")
        tensors, fields = self._count("<Q"), self._count("<Q")
        for _ in range(fields):
            name = self._text()
            value = self._value(self._number("<I"))
            if value is not None:
                self.fields[name] = value
        found = [self._tensor() for _ in range(tensors)]
        alignment = self.fields.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 16:
            raise GgufBroken(f"{self.path} has an alignment of {alignment}")
        start = -(-self._at // alignment) * alignment
        for name, kind, shape, offset in found:
            self.tensors[name] = self._placed(name, kind, shape, start + offset)

    def _tensor(self) -> tuple[str, int, tuple[int, ...], int]:
        name, dimensions = self._text(), self._number("<I")
        if not 1 <= dimensions <= 4:
            raise GgufBroken(f"{self.path}: {name} has {dimensions} dimensions")
        shape = tuple(self._number("<Q") for _ in range(dimensions))[::-1]
        return name, self._number("<I"), shape, self._number("<Q")

    def _placed(self, name: str, kind: int, shape: tuple[int, ...], offset: int) -> GgufTensor:
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

        try:
            named = GGMLQuantizationType(kind)
            block, block_bytes = GGML_QUANT_SIZES[named]
        except (ValueError, KeyError):
            raise GgufBroken(f"{self.path}: {name} is of an unknown type ({kind})") from None
        if min(shape) < 1 or shape[-1] % block:
            raise GgufBroken(f"{self.path}: {name} has shape {list(shape)} in blocks of {block}")
        row_bytes = shape[-1] // block * block_bytes
        if offset + math.prod(shape[:-1]) * row_bytes > self._size:
            raise GgufBroken(f"{self.path} is cut short: {name} lies beyond its end")
        return GgufTensor(named.name, shape, block, row_bytes, offset)

    def _value(self, kind: int) -> Any:
        """Read a value; None for an array, which is passed over."""
        if kind == STRING:
            return self._text()
        if kind in SCALARS:
            return self._number(SCALARS[kind])
        if kind != ARRAY:
            raise GgufBroken(f"{self.path} has a field of an unknown type ({kind})")
        of, count = self._number("<I"), self._count("<Q")
        if of in SCALARS:
            self._take(count * struct.calcsize(SCALARS[of]))
        elif of == STRING:
            for _ in range(count):
                self._take(self._number("<Q"))
        else:
            raise GgufBroken(f"{self.path} has an array of an unknown type ({of})")
        return None

    def _text(self) -> str:
        try:
            return self._take(self._number("<Q")).decode()
        except UnicodeDecodeError:
            raise GgufBroken(f"{self.path} has a name that is no text") from None

    def _count(self, layout: str) -> int:
        count = self._number(layout)
        if count > MOST_ENTRIES:
            raise GgufBroken(f"{self.path} claims to have {count} entries")
        return int(count)

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _take(self, length: int) -> bytes:
        self._at += length
        if self._at > self._size or length > MOST_BYTES:
            raise GgufBroken(
                f"{self.path} is cut short, or its header broken: {length} bytes are to follow"
            )
        taken = self._opened.read(length)
        if len(taken) != length:
            raise GgufBroken(f"{self.path} was cut short while it was read")
        return taken
