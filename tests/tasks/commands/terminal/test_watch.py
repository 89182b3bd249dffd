"""`swallow status --watch`, piped and on a terminal, while the broker goes and comes back."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.broker.embedded import embedded
from tasks.settings import Settings

COMMAND = [sys.executable, "-m", "tasks.cli", "status", "--watch"]


@contextmanager
def broker() -> Iterator[None]:
    """Run a Valkey of this test's home."""
    process = subprocess.Popen(embedded(Settings().home).command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def read_until(read: Callable[[], str], words: str) -> str:
    """Read until `words` came; a command that ended instead fails the test."""
    text = ""
    while words not in text:
        piece = read()
        assert piece, f"{words!r} never came: {text}"
        text += piece
    return text


def test_into_a_pipe_it_goes_on_over_a_broker_that_is_away_until_ctrl_c() -> None:
    watch = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert watch.stdout is not None
    read_until(watch.stdout.readline, "No broker is known")
    for _ in range(2):
        with broker():
            shown = read_until(watch.stdout.readline, "questions 0 waiting")
        read_until(watch.stdout.readline, "does not answer")
    watch.send_signal(signal.SIGINT)
    _, errors = watch.communicate()

    assert watch.returncode == 0
    assert not errors
    assert "--- " in shown
    assert "\x1b" not in shown


def test_json_is_nothing_but_objects() -> None:
    with broker(), subprocess.Popen([*COMMAND, "--json"], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        objects = [read_until(it.stdout.readline, "\n}\n") for _ in range(2)]
        it.send_signal(signal.SIGINT)

    assert [json.loads(text)["jobs"] for text in objects] == [{"queued": 0, "running": 0}] * 2


def test_a_terminal_is_redrawn_from_its_top() -> None:
    ours, theirs = pty.openpty()
    with broker():
        watch = subprocess.Popen(
            COMMAND, stdout=theirs, env={**os.environ, "LINES": "8", "COLUMNS": "40"}
        )
        os.close(theirs)
        read = lambda: os.read(ours, 4096).decode()  # noqa: E731
        first = read_until(read, "\x1b[?7h")
        second = read_until(read, "\x1b[?7h")
        watch.send_signal(signal.SIGINT)

        assert watch.wait() == 0
    os.close(ours)
    assert "\x1b[2J" in first or "\x1b[J" in first
    assert second.count("\x1b[H") == 1
    assert second.count("\n") == 7
