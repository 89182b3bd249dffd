"""A training that a supervisor started ends with it, even where the supervisor is killed.

Linux only (`PR_SET_PDEATHSIG`, prctl(2)); elsewhere the training would go on alone.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Let the kernel kill this process when the process `parent`, which started it, ends.

    KILL and not TERM: it also ends a process that stands still, and nobody waits for a last
    checkpoint, while the next attempt may begin in the same folder.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before this was asked for
        os.kill(os.getpid(), signal.SIGKILL)
