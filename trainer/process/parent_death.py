"""The death signal: the kernel kills a process when the process that started it ends.

It also works when the parent is killed and cannot clean up. Linux only (`PR_SET_PDEATHSIG`,
prctl(2)); on other systems both functions do nothing and a child outlives a killed parent. This
module does not know what the processes do.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
# Loaded on import: between fork and exec, where `kill_with_parent` runs, loading a library may
# deadlock.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def kill_with_parent() -> None:
    """Have the kernel send SIGKILL to the calling process when its parent ends.

    May be called between fork and exec (`preexec_fn`). SIGKILL and not SIGTERM: it also ends a
    process that is stopped (SIGSTOP), and one that would still write files after its successor
    has started.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with(parent: int) -> None:
    """Have the kernel kill this process when the process with the id `parent`, its parent, ends."""
    if _LIBC is None:
        return
    kill_with_parent()
    if os.getppid() != parent:  # the parent ended before the death signal was set
        os.kill(os.getpid(), signal.SIGKILL)
