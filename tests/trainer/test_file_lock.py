"""A lock on a file: waited for, tried, looked at, and released when its process dies."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trainer.file_lock import LockTaken, is_locked, locked

HOLDER = """
import sys
from pathlib import Path
from trainer.file_lock import locked

with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""
ROOT = Path(__file__).parents[2]


@contextmanager
def held_elsewhere(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock for the length of the block, or until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_lock_that_is_taken_is_refused_at_once_or_after_the_patience(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with held_elsewhere(file):
        for patience in (0.0, 0.2):
            with pytest.raises(LockTaken):
                locked(file, patience=patience).__enter__()


def test_a_killed_process_releases_its_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with held_elsewhere(file) as process:
        assert is_locked(file)
        process.kill()
        process.wait()

        assert not is_locked(file)
        with locked(file, patience=0):
            assert is_locked(file)


def test_who_waits_is_told_once_and_gets_the_lock_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    waits: list[str] = []
    with held_elsewhere(file) as process:
        threading.Timer(0.3, process.kill).start()

        with locked(file, on_wait=lambda: waits.append("waiting")):
            assert waits == ["waiting"]


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with locked(file):
        child = subprocess.Popen(
            ["sh", "-c", "echo running; read line"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=False,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"running\n"

    assert not is_locked(file)
    child.communicate(b"\n")


def test_a_file_that_is_not_there_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "missing" / "lock")
    with pytest.raises(FileNotFoundError):
        locked(tmp_path / "missing" / "lock").__enter__()
