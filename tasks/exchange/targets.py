"""Where an export goes: a place that is still free; nothing is ever overwritten.

Knows neither adapters nor what is written.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from trainer.errors import NotWritable
from trainer.files import sync_file, writing


def require_free(place: Path) -> Path:
    """Return `place` if there is nothing yet, not even a link that leads nowhere.

    Raises:
        NotWritable: there is.
    """
    if os.path.lexists(place):
        raise NotWritable(f"{place} is there already and is not overwritten; name another place.")
    return place


@contextmanager
def whole_file(final: Path) -> Iterator[Path]:
    """Give the path of a temporary file; it becomes `final` when the block ends without error.

    Raises:
        NotWritable: the disk is full or refuses, or `final` has appeared meanwhile; nothing is left
            behind.
    """
    # In a folder of its own, for where others may write too nobody can lay a link in the way there.
    with (
        writing(final.parent),
        TemporaryDirectory(prefix=f".{final.name[:100]}.", dir=final.parent) as folder,
    ):
        temporary = Path(folder) / final.name
        yield temporary
        sync_file(temporary)
        require_free(final)
        temporary.rename(final)
        sync_file(final.parent)
