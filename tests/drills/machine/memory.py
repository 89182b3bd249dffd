"""Memory runs short: a process beside the system takes what its control group has left.

The kernel then kills a process of the group, as it does in a container at its limit; which one it
likes best is drawn. Needs root and a memory controller (cgroup v1 or v2).
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.drills.machine.beside_slack import system_beside_slack
from tests.drills.questions import Questions
from tests.patience import until
from tests.system.workspace import ONE_THREAD, System

ROOM = 200_000_000
"""Bytes that the group has left over when nothing takes them."""

_HOG = """
import time
pieces = []
while True:
    pieces.append(bytearray(b"1") * 2_000_000)
    time.sleep(0.01)
"""
"""Takes memory until something is killed."""


class Group:
    """A control group of this drill's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first = (folder / "memory.limit_in_bytes").exists()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be in it for the length of the block: what is started there stays in it."""
        (self._folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        try:
            yield
        finally:
            (self._folder.parent / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

    def limit(self, size: int) -> None:
        """Set how many bytes its processes may take together."""
        name = "memory.limit_in_bytes" if self._first else "memory.max"
        (self._folder / name).write_text(str(size), encoding="ascii")

    @property
    def used(self) -> int:
        """The bytes its processes cannot give back."""
        names = ("total_rss", "total_mapped_file") if self._first else ("anon", "file_mapped")
        return sum(self._numbers("memory.stat").get(name, 0) for name in names)

    @property
    def kills(self) -> int:
        """How many of its processes the kernel has killed for want of memory."""
        return self._numbers("memory.oom_control" if self._first else "memory.events")["oom_kill"]

    def _numbers(self, file: str) -> dict[str, int]:
        lines = (self._folder / file).read_text(encoding="ascii").splitlines()
        return {name: int(value) for name, value in (line.split() for line in lines)}


@contextmanager
def group() -> Iterator[Group]:
    """Make a control group below this process' own; OSError where that is not allowed."""
    folder = _own() / f"swallow-drill-{os.getpid()}"
    folder.mkdir()
    try:
        yield Group(folder)
    finally:
        until(lambda: _removed(folder))


def why_not() -> str:
    """Say why no control group can be made here; empty where one can."""
    try:
        with group():
            return ""
    except OSError as error:
        return f"no control group can be made: {error}"


def _own() -> Path:
    root = Path("/sys/fs/cgroup")
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return root / "memory" / path.lstrip("/")
        if not controllers and (root / "cgroup.controllers").exists():
            return root / path.lstrip("/")
    raise OSError("there is no memory controller")


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def run(folder: Path, options: argparse.Namespace, cache: Path | None = None) -> dict[str, Any]:
    """Run this part of the drill in an empty folder and return its figures."""
    settings = ONE_THREAD | {"SWALLOW_MAX_NEW_TOKENS": "60"}
    with (
        group() as limited,
        system_beside_slack(
            folder, options.engine, cache, settings, within=limited.entered()
        ) as system,
    ):
        questions = Questions(system, options.seed, different=options.different)
        questions.learn(rounds=options.rounds)
        limit = limited.used + ROOM
        limited.limit(limit)
        killed: Counter[str] = Counter()
        generator = random.Random(options.seed)
        for _ in range(options.squeezes):
            for _ in questions.ask(options.questions, at_once=100):
                pass
            until(lambda: any(job.state == "running" for job in system.jobs.open_states()))
            killed.update(_squeeze(system, limited, generator))
            questions.check(patience_seconds=600)
        time.sleep(5)  # for a message too many
        outcome = questions.check(patience_seconds=0)
        limited.limit(-1)
        return {
            "questions": dict(outcome),
            "problems": questions.problems,
            "kernel_kills": limited.kills,
            "killed": dict(killed),
            "limit_megabytes": limit // 1_000_000,
        }


def _squeeze(system: System, limited: Group, generator: random.Random) -> list[str]:
    """Take memory until the kernel kills; return the names of what it killed."""
    before, kills = _processes(system), limited.kills
    liked = generator.choice(sorted(before, key=lambda pid: before[pid]))
    Path(f"/proc/{liked}/oom_score_adj").write_text("1000", encoding="ascii")
    with limited.entered():
        hog = subprocess.Popen([sys.executable, "-c", _HOG])
    try:
        until(lambda: limited.kills > kills)
    finally:
        hog.kill()
        hog.wait()
    until(lambda: bool(before.keys() - _processes(system).keys()))
    return [before[pid] for pid in before.keys() - _processes(system).keys()]


def _processes(system: System) -> dict[int, str]:
    """Return the system's processes by their id: the names of parts, the modules of others."""
    up = json.loads((system.home / "up.json").read_text("utf-8"))
    names = {pid: name for name, pid in up["parts"].items()}
    found = {}
    for process in psutil.Process(up["pid"]).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                words = process.cmdline()
                module = words[words.index("-m") + 1] if "-m" in words else process.name()
                found[process.pid] = names.get(process.pid, module)
    return found
