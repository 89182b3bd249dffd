"""The CPU as an engine sees it: cores it may use, and whether OpenVINO's kernels run on it."""

import math
import os
import platform
from pathlib import Path

from trainer.cpu import cpu_flags

CPUS = Path("/sys/devices/system/cpu")
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Return how many physical cores this process may use, at least 1.

    Two hardware threads of a core share its multipliers, so that using both gains nothing.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(_count())
    cores = {_siblings(cpu) for cpu in allowed}
    return max(1, min(len(cores), _quota()))


def runs_fast_kernels() -> bool:
    """Tell whether OpenVINO has kernels of packed integers for this CPU: x86-64 with AVX2."""
    return platform.machine() in ("x86_64", "AMD64") and "avx2" in cpu_flags()


def _siblings(cpu: int) -> str:
    """Return the hardware threads of the core that `cpu` belongs to, as Linux lists them."""
    try:
        return (CPUS / f"cpu{cpu}/topology/thread_siblings_list").read_text("ascii")
    except OSError:
        return str(cpu)


def _quota() -> int:
    """Return how many cores' time the control group may use, from `cpu.max` of cgroup v2."""
    try:
        limit, period = QUOTA.read_text("ascii").split()
        return math.ceil(int(limit) / int(period))
    except (OSError, ValueError):  # no such file, or "max"
        return _count()


def _count() -> int:
    return os.cpu_count() or 1
