"""The home's disk fills up while questions and a training run, and has room again after a while.

The home is a small file system in memory, which needs root.
"""

import argparse
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.drills import trainings
from tests.drills.machine.beside_slack import system_beside_slack
from tests.drills.questions import Questions
from tests.patience import until
from tests.system.workspace import ONE_THREAD, System

MEGABYTES = 400
SETTINGS = ONE_THREAD | {"SWALLOW_MAX_NEW_TOKENS": "60", "SWALLOW_CHECKPOINT_MINUTES": "0.03"}
BLOCK = b"\1" * 4096


@contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """Mount a file system of `MEGABYTES` MB at `place`."""
    place.mkdir(parents=True, mode=0o700)
    options = f"size={MEGABYTES}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "swallow-drill", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def why_not() -> str:
    """Say why no file system can be mounted here; empty where one can."""
    with tempfile.TemporaryDirectory(prefix="disk-") as folder:
        try:
            with small_disk(Path(folder) / "place"):
                return ""
        except subprocess.CalledProcessError:
            return "no file system can be mounted"


class Ballast:
    """A file that takes all the room there is, and what becomes free, until it is removed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"
        self._removed = threading.Event()
        self._full = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="ballast", daemon=True)

    def fill(self) -> None:
        """Fill the disk, and keep it full."""
        self._thread.start()
        self._full.wait()

    def remove(self) -> None:
        """Give the room back."""
        self._removed.set()
        self._thread.join()
        self._file.unlink()

    def _fill(self) -> None:
        with self._file.open("ab", buffering=0) as file:
            while not self._removed.is_set():
                try:
                    file.write(BLOCK if self._full.is_set() else BLOCK * 1024)
                except OSError:
                    if not self._full.is_set():
                        self._to_the_last_block(file)
                    self._full.set()
                    self._removed.wait(0.1)

    def _to_the_last_block(self, file: Any) -> None:
        try:
            while True:
                file.write(BLOCK)
        except OSError:
            return


def run(folder: Path, options: argparse.Namespace, cache: Path | None = None) -> dict[str, Any]:
    """Run this part of the drill in an empty folder and return its figures."""
    with (
        small_disk(folder / "home"),
        system_beside_slack(folder, options.engine, cache, SETTINGS) as system,
    ):
        return _fill_while_it_works(system, options)


def _fill_while_it_works(system: System, options: argparse.Namespace) -> dict[str, Any]:
    questions = Questions(system, options.seed, different=options.different)
    questions.learn(rounds=options.rounds)
    trainings.write_data(system)
    assert trainings.wait_for_end(system, trainings.start(system, "calm", 0)) == "finished"
    job = trainings.start(system, "full", 0)
    until(lambda: _saved(system, job), system.log_text)
    for _ in questions.ask(options.questions // 2, at_once=100):
        pass
    until(lambda: _runs(system), system.log_text)

    usage = Usage(system)
    ballast = Ballast(system.home)
    ballast.fill()
    began = time.monotonic()
    for _ in questions.ask(options.questions // 2, at_once=10_000):
        time.sleep(options.full_seconds / options.questions)
    said = {name: _said(system, name) for name in ("status", "doctor")}
    time.sleep(max(0.0, options.full_seconds - (time.monotonic() - began)))
    full = usage.report()
    ballast.remove()
    freed = time.monotonic()

    outcome = questions.check(patience_seconds=600)
    answered = time.monotonic()
    ending = trainings.wait_for_end(system, job)
    record = system.jobs.get(job)
    why = system.jobs.events(job)[-1].data.get("detail", "") if record else ""
    resumed = ""
    if ending != "finished":
        resumed = trainings.wait_for_end(system, trainings.resume(system))
    time.sleep(5)  # for a message too many
    outcome = questions.check(patience_seconds=0)
    return {
        "questions": dict(outcome),
        "problems": questions.problems,
        "said": said,
        "training": {"ended": ending, "why": why, "resumed": resumed},
        "same_adapters": [trainings.same_adapter(system, "calm", "full")],
        "while_full": full,
        "seconds_to_last_answer": round(answered - freed),
    }


def _saved(system: System, job: str) -> bool:
    found = system.jobs.get(job)
    return bool(found and found.progress.get("checkpoint_step"))


def _runs(system: System) -> bool:
    return any(job.state == "running" for job in system.jobs.open_states("answer"))


def _said(system: System, command: str) -> str:
    done = system.command(command)
    lines = (done.stdout + done.stderr).splitlines()
    return "\n".join(line for line in lines if "disk" in line.lower() or "broker" in line.lower())


class Usage:
    """How much of a core each part takes from now on, and how often parts start again."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._began = time.monotonic()
        self._log = len(system.log_text())
        self._before = self._seconds()

    def report(self) -> dict[str, Any]:
        """Return the figures since the beginning."""
        seconds = time.monotonic() - self._began
        after = self._seconds()
        return {
            "seconds": round(seconds),
            "cores": {
                name: round((used - self._before.get(name, 0.0)) / seconds, 2)
                for name, used in after.items()
            },
            "restarts": self._system.log_text()[self._log :].count("starting it again"),
        }

    def _seconds(self) -> dict[str, float]:
        up = json.loads((self._system.home / "up.json").read_text("utf-8"))
        used = {}
        for name, pid in up["parts"].items():
            try:
                times = psutil.Process(pid or -1).cpu_times()
            except (psutil.NoSuchProcess, ValueError):
                continue
            used[name] = times.user + times.system
        return used
