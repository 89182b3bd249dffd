"""Adapters read from disk, each content once: a file is hashed again only after it has changed.

Hashing the weights of a 7B's largest adapter (640 MB) takes half a second, which no question should
wait for. Knows files only; does not know models, tensors or which adapter is in use.
"""

import os
import threading
from pathlib import Path

from trainer.adapters.adapter import Adapter, read
from trainer.adapters.adapter_files import ABOUT, CONFIG, WEIGHTS

FileIdentity = tuple[int, int, int, int] | None
"""Inode, times of the last change of content and of anything (ns), and size; None for no file."""


class AdapterFiles:
    """The adapters that were read so far, by folder; safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[list[FileIdentity], Adapter]] = {}
        self._reading = threading.Lock()

    def read(self, folder: Path) -> Adapter:
        """Return the adapter in `folder`, read and hashed unless its files are as they were.

        Raises:
            AdapterRefused: what `trainer.adapters.adapter.read` refuses.
        """
        with self._reading:  # those who ask meanwhile need not read it too
            # Taken before reading: files that change meanwhile differ from it the next time.
            identity = _identity(folder)
            known = self._known.get(folder)
            if known is not None and known[0] == identity:
                return known[1]
            adapter = read(folder)
            self._known[folder] = (identity, adapter)
            return adapter


def _identity(folder: Path) -> list[FileIdentity]:
    """Return what changes whenever a file of the adapter, or the folder itself, is replaced."""
    files = [_file_identity(folder / name) for name in (CONFIG, WEIGHTS, ABOUT)]
    try:
        return [*files, (folder.lstat().st_ino, 0, 0, 0)]
    except OSError:
        return [*files, None]


def _file_identity(file: Path) -> FileIdentity:
    try:
        status = os.lstat(file)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
