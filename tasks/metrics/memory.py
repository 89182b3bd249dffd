"""The memory of this host's processes: those of `swallow up`, this one, and their children."""

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from tasks.supervisor import up_file

_CHILDREN = {"tasks.engines.openvino.generator_process": "generator", "trainer": "training"}
"""Modules that workers run as processes of their own, and what these are called."""


def memory_metric(home: Path, part: str) -> Metric:
    """Return the resident memory of each process, by its part; `part` is this process's."""
    up = up_file.read(home)
    pids = {pid: name for name, pid in up.get("parts", {}).items() if pid}
    if up:
        pids[up["pid"]] = "up"
    pids.setdefault(os.getpid(), part)
    memory: Counter[str] = Counter()
    for pid, name in pids.items():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            memory[name] += process.memory_info().rss
            for child in process.children(recursive=True):
                if child.pid not in pids:
                    _add_child(memory, child, name)
    family = GaugeMetricFamily(
        "swallow_process_resident_memory_bytes",
        "Resident memory of a process on this host; mapped weights are part of it.",
        labels=["process"],
    )
    for name, size in sorted(memory.items()):
        family.add_metric([name], size)
    return family


def _add_child(memory: Counter[str], child: psutil.Process, parent: str) -> None:
    with suppress(psutil.NoSuchProcess):
        modules = [_CHILDREN[word] for word in child.cmdline() if word in _CHILDREN]
        memory[modules[0] if modules else parent] += child.memory_info().rss
