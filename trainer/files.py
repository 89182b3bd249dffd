"""Files and folders that are either whole or not there: written aside, synced, renamed.

Every failure of the disk leaves through one error with one sentence. It knows nothing of trainings.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainer.errors import NotWritable


@contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes `final` when the block ends without an error.

    Raises:
        NotWritable: the disk is full, or the place cannot be written to; nothing is left behind.
    """
    aside = final.with_name(f".{final.name}.{os.getpid()}")
    with writing(final.parent):
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        try:
            yield aside
            sync(aside)
            aside.rename(final)
            _sync_one(final.parent)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn what the disk refuses inside the block into NotWritable, which names `place`."""
    try:
        yield
    except OSError as error:
        raise _refused(place, error) from error
    except RuntimeError as error:  # torch's and safetensors' writers wrap what the disk said
        if any(word in str(error) for word in ("No space", "iostream", "write", "os error 28")):
            raise _refused(place, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) from error
        raise
    except Exception as error:
        if type(error).__name__ == "SafetensorError":
            raise _refused(place, OSError(errno.ENOSPC, str(error))) from error
        raise


def _refused(place: Path, error: OSError) -> NotWritable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = _free_bytes(place)
        return NotWritable(
            f"The disk of {str(place)!r} is full ({free / 1e6:,.0f} MB free); "
            "make room, then continue with --resume."
        )
    reason = error.strerror or type(error).__name__
    return NotWritable(
        f"The folder {str(place)!r} cannot be written to ({reason}); choose another."
    )


def _free_bytes(place: Path) -> int:
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def check_writable(folder: Path, *, needed: int = 0) -> None:
    """Make sure now that `folder` can be made and written to, and has `needed` bytes free.

    Raises:
        NotWritable: it cannot, or there is not enough room.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    if _free_bytes(folder) < needed:
        raise NotWritable(
            f"The disk of {str(folder)!r} has {_free_bytes(folder) / 1e6:,.0f} MB free "
            f"and the training needs {needed / 1e6:,.0f} MB; make room."
        )


def write_json(file: Path, content: Any) -> None:
    """Write `content` to `file`, whole or not at all.

    Raises:
        NotWritable: the disk is full or refuses.
    """
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    with writing(file.parent):
        try:
            text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
            aside.write_text(text, encoding="utf-8")
            _sync_one(aside)
            aside.replace(file)
        except OSError:
            aside.unlink(missing_ok=True)
            raise


def sync(folder: Path) -> None:
    """Force the files of `folder`, and the folder, onto the disk."""
    for path in sorted(folder.iterdir()):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
