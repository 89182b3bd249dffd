"""The files of an adapter's folder: their names, their size limits, and reading them safely.

Files are opened without following links, and nothing is unpickled. It does not know what the
configuration means and does not parse the weights.
"""

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any, BinaryIO

from trainer.errors import AdapterRefused

CONFIG, WEIGHTS, ABOUT = "adapter_config.json", "adapter_model.safetensors", "swallow.json"
"""PEFT's configuration, PEFT's weights, and our description of the training."""
CURVE = "loss.png"

MAX_WEIGHTS_BYTES = 700 * 1000 * 1000
"""Rank 64 on all seven projections of a 7B takes 640 MB in fp32."""
MAX_JSON_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 16 * 1024 * 1024


def read_small(folder: Path, name: str) -> bytes:
    """Return the content of the JSON file `name` of an adapter's folder.

    Raises:
        AdapterRefused: the file is missing, a link or too large.
    """
    with _open(folder, name, MAX_JSON_BYTES) as file:
        return file.read()


def json_object(folder: Path, name: str, encoded: bytes) -> dict[str, Any]:
    """Return the JSON object in `encoded`, which is the content of the file `name`.

    Raises:
        AdapterRefused: it is not a JSON object.
    """
    try:
        content = json.loads(encoded)
        # An escape may stand for half of a surrogate pair, which nothing can print or store.
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise AdapterRefused(f"The adapter {folder.name!r} has a broken {name}.") from error
    if not isinstance(content, dict):
        raise AdapterRefused(f"The adapter {folder.name!r} has a broken {name}.")
    return content


def checked_digest(folder: Path, config: bytes) -> str:
    """Return the SHA-256 of configuration and weights in hex, after checking the weights' header.

    `config` is the configuration as the caller has read it, so that what it says is what the
    digest names.

    Raises:
        AdapterRefused: the file of the weights is missing, a link or too large, or it is not
            safetensors.
    """
    digest = hashlib.sha256(config)
    with _open(folder, WEIGHTS, MAX_WEIGHTS_BYTES) as file:
        if not _is_safetensors(file, os.fstat(file.fileno()).st_size):
            raise AdapterRefused(
                f"The adapter {folder.name!r} is refused: {WEIGHTS} is not safetensors."
            )
        file.seek(0)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_weights(folder: Path, digest: str) -> bytes:
    """Return the content of the weights' file of an adapter that was checked as `digest`.

    The bytes that are returned are those that were hashed, so that a file replaced since the check
    is never used.

    Raises:
        AdapterRefused: the files are gone, or they were replaced.
    """
    found = hashlib.sha256(read_small(folder, CONFIG))
    with _open(folder, WEIGHTS, MAX_WEIGHTS_BYTES) as file:
        weights = file.read()
    found.update(weights)
    if found.hexdigest() != digest:
        raise AdapterRefused(
            f"The files of adapter {folder.name!r} were replaced after they were checked."
        )
    return weights


def _open(folder: Path, name: str, limit: int) -> BinaryIO:
    """Open a regular file of at most `limit` bytes without following a link.

    O_NONBLOCK keeps a named pipe from blocking here until somebody writes into it.
    """
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise AdapterRefused(
            f"The adapter {folder.name!r} has no readable {name} ({error.strerror})."
        ) from error
    file = os.fdopen(descriptor, "rb")
    size = os.fstat(descriptor).st_size
    if not Path(f"/proc/self/fd/{descriptor}").is_file() or size > limit:
        file.close()
        raise AdapterRefused(
            f"The adapter {folder.name!r} is refused: {name} has {size / 1e6:,.0f} MB "
            f"and at most {limit / 1e6:,.0f} MB in a regular file is accepted."
        )
    return file


def _is_safetensors(file: BinaryIO, size: int) -> bool:
    """Tell whether `file` of `size` bytes has a header whose tensors end where the file ends.

    The layout is 8 bytes of little-endian header length, a JSON header, then the tensors
    (https://huggingface.co/docs/safetensors).
    """
    start = file.read(8)
    if len(start) < 8:
        return False
    (length,) = struct.unpack("<Q", start)
    if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
        return False
    try:
        header = json.loads(file.read(length))
        ends = [value["data_offsets"][1] for key, value in header.items() if key != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return False
    are_numbers = all(isinstance(end, int) for end in ends)
    return bool(ends) and are_numbers and max(ends) == size - 8 - length
