"""`swallow train` beside a worker that answers: paused meanwhile, and still to be stopped."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis

from tasks.broker.host_busy import mark_busy
from tests.patience import SECONDS, until
from tests.trainer import doubles

Training = subprocess.Popen[str]


@contextmanager
def training(folder: Path, *, epochs: int) -> Iterator[Training]:
    """A training at a terminal, from its first step on."""
    model = doubles.write_model(folder / "tiny")
    rows = doubles.write_rows(folder / "rows.jsonl", 48)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tasks.cli", "train", "--progress", "json"),
            *("--base-model", str(model), "--data-path", str(rows), "--num-epochs", str(epochs)),
            *("--batch-size", "8", "--micro-batch-size", "8"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if '"event": "step"' in line:
                break
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def child_of(process: Training) -> psutil.Process:
    (child,) = psutil.Process(process.pid).children()
    return child


def test_it_stands_still_while_its_host_answers(
    tmp_path: Path, valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    with training(tmp_path, epochs=20) as process:
        mark_busy(redis)
        child = child_of(process)
        until(lambda: child.status() == psutil.STATUS_STOPPED)
        itself = psutil.Process(process.pid).status()
        redis.flushall()
        events, errors = process.communicate(timeout=SECONDS)

    assert itself != psutil.STATUS_STOPPED
    assert process.returncode == 0, errors
    assert '"finished"' in events


def test_what_stands_still_is_stopped_all_the_same(
    tmp_path: Path, valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    with training(tmp_path, epochs=300) as process:
        mark_busy(redis)
        child = child_of(process)
        until(lambda: child.status() == psutil.STATUS_STOPPED)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 75
    assert "continue it with --resume" in errors


def test_the_training_dies_with_the_process_that_the_shell_knows(
    tmp_path: Path, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    with training(tmp_path, epochs=300) as process:
        child = child_of(process)
        process.kill()
        until(lambda: not child.is_running())


def test_without_a_broker_there_is_nothing_to_make_room_for(tmp_path: Path) -> None:
    with training(tmp_path, epochs=300) as process:
        assert not psutil.Process(process.pid).children()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)

    assert process.returncode == 75


def test_a_broker_that_is_away_stops_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", "redis://127.0.0.1:9/0")
    with training(tmp_path, epochs=1) as process:
        _, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, errors
    assert "the exam is the team's file alone" in errors
