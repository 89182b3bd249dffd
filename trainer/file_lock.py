"""A lock on a file, which at most one process holds at a time.

The kernel releases the lock when its process ends, however it ends (flock(2)), so that no stale
lock is left behind. This module does not know what the lock protects.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.1
"""How often a wait with a limit tries again; flock itself has no time limit."""


class LockTaken(Exception):
    """Another process holds the lock and did not release it in time."""


@contextmanager
def locked(
    file: Path,
    *,
    patience: float | None = None,
    on_wait: Callable[[], None] = lambda: None,
    mode: int = 0o600,
) -> Iterator[None]:
    """Hold the lock on `file` for the length of the block; `file` is created if it is missing.

    `patience` is how many seconds to wait for another process: None waits without a limit, 0 tries
    once. `on_wait` is called once if the lock is not free. A new file gets `mode`, less the umask.
    A process that this one starts does not inherit the lock.

    Raises:
        LockTaken: another process still holds the lock after `patience` seconds.
        OSError: the file cannot be opened, for instance because its folder is missing.
    """
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, mode)
    try:
        if not _try(descriptor, fcntl.LOCK_EX):
            on_wait()
            _wait(descriptor, patience)
        yield
    finally:
        os.close(descriptor)


def is_locked(file: Path) -> bool:
    """Tell whether a process holds the lock on `file`; False if the file cannot be opened.

    Asks for a shared lock, so that two processes which only look do not see each other.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _try(descriptor, fcntl.LOCK_SH)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _wait(descriptor: int, patience: float | None) -> None:
    if patience is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    end = time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        if _try(descriptor, fcntl.LOCK_EX):
            return
    raise LockTaken


def _try(descriptor: int, kind: int) -> bool:
    """Try to take the lock without waiting; `kind` is LOCK_EX or LOCK_SH."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
