"""Adapter names, and the folders that they name.

It does not open an adapter and does not know whether one exists under a name.
"""

import os
import re
from pathlib import Path

from trainer.errors import AdapterRefused
from trainer.files import expanded

MAX_NAME = 64
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME - 1}}}")


def is_adapter_name(name: str) -> bool:
    """Tell whether `name` may name an adapter."""
    return NAME.fullmatch(name) is not None


def folder_of(value: str, home: Path) -> Path:
    """Return the folder that `value` names: a bare name lies under `home`, a slash makes a path.

    Raises:
        AdapterRefused: a bare value that may not be a name.
    """
    if "/" in value:
        return expanded(value)
    if not is_adapter_name(value):
        raise AdapterRefused(
            f"{value!r} cannot name an adapter: use letters, digits, '.', '_' and '-', "
            "at most 64, starting with a letter or digit."
        )
    return home / "adapters" / value


def free_folder(folder: Path) -> Path:
    """Return `folder`, or the first of `folder-2`, `folder-3`… that does not exist.

    A valid adapter name is shortened where the number would make it longer than 64 characters.
    """
    candidate, number = folder, 1
    while os.path.lexists(candidate):
        number += 1
        suffix = f"-{number}"
        room = MAX_NAME - len(suffix) if is_adapter_name(folder.name) else None
        candidate = folder.with_name(folder.name[:room] + suffix)
    return candidate
