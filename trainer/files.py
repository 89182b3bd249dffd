"""Paths, and atomic writes: files and folders are written under a temporary name and renamed.

A reader therefore sees either nothing, the old content, or the whole new content. What the disk
refuses becomes NotWritable, with a sentence that names the place. It knows nothing of trainings.
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


def expanded(path: str | Path) -> Path:
    """Return `path` with a leading `~` replaced, as a shell does it.

    `~name` of an account that does not exist stays as it is: what is not there is said by whoever
    looks for it.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


@contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """Give a temporary folder to write into; it becomes `final` when the block ends without error.

    Raises:
        NotWritable: the disk is full, or the place cannot be written to; nothing is left behind.
    """
    temporary = _temporary_path(final)
    with writing(final.parent):
        shutil.rmtree(temporary, ignore_errors=True)
        make_private(temporary.parent)
        temporary.mkdir()
        try:
            yield temporary
            sync(temporary)
            temporary.rename(final)
            sync_file(final.parent)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def make_private(folder: Path) -> None:
    """Make `folder` and whatever of its parents is missing, open to their owner alone.

    What people ask and teach lies under the home, whose first folder any command may be the one to
    make. A folder that exists stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)  # mkdir(parents=True) would give parents no mode
    folder.mkdir(exist_ok=True)


@contextmanager
def unnoticed(folder: Path) -> Iterator[None]:
    """Keep the time at which `folder` was changed last, whatever the block does to its entries.

    Raises:
        NotWritable: the time cannot be set.
    """
    before = folder.stat()
    yield
    with writing(folder):
        os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


def write_json(file: Path, content: Any) -> None:
    """Replace `file` by `content` as JSON, atomically and durably.

    Raises:
        NotWritable: the disk is full, or the folder cannot be written to.
    """
    with writing(file.parent):
        write_text(file, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def write_text(file: Path, text: str, *, mode: int = 0o666, durable: bool = True) -> None:
    """Replace `file` by `text` in UTF-8, atomically.

    `mode` holds the permissions of a new file, before the umask. With `durable` the content is on
    the disk before the rename, so that a power cut cannot leave an empty file under the name.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; the old content stays.
    """
    temporary = _temporary_path(file)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
        if durable:
            sync_file(temporary)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _temporary_path(final: Path) -> Path:
    """Return the temporary name beside `final`; the process id keeps two processes apart."""
    return final.with_name(f".{final.name}.{os.getpid()}")


def sync(folder: Path) -> None:
    """Wait until the files of `folder`, and the folder itself, are on the disk."""
    for path in sorted(folder.iterdir()):
        sync_file(path)
    sync_file(folder)


def sync_file(path: Path) -> None:
    """Wait until the content of a file, or the entries of a folder, are on the disk.

    Without this a rename may reach the disk before the content does.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_writable(folder: Path, *, needed: int = 0) -> None:
    """Make sure now that `folder` can be made and written to, and has `needed` bytes free.

    Raises:
        NotWritable: it cannot, or there is not enough room.
    """
    with writing(folder):
        make_private(folder)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    if _free_bytes(folder) < needed:
        raise NotWritable(
            f"The disk of {str(folder)!r} has {_free_bytes(folder) / 1e6:,.0f} MB free "
            f"and {needed / 1e6:,.0f} MB are needed; make room."
        )


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn a failed write inside the block into NotWritable, which names the folder `place`.

    torch and safetensors wrap the operating system's error: torch in a RuntimeError whose text
    must be searched, safetensors in a class of its own, found by its name because importing
    safetensors here would burden processes that never need it.
    """
    try:
        yield
    except OSError as error:
        raise _refused(place, error) from error
    except RuntimeError as error:
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
    """Return the bytes free on the disk of `place`, or of its first parent that exists."""
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free
