"""A `python -m trainer` process: its events as they come, held and let go, asked to stop, ended.

It runs in a process group of its own, gives way to answers, and dies with this process. This module
does not know what the events mean.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

NICENESS = 10
"""Lets an answer have the cores in the moment before the training is held."""
STOP_SECONDS = 8.0
"""How long a child may take to stop by itself, which writes a checkpoint; then it is killed."""

Event = dict[str, Any]


class Child:
    """One process; `next_event` hands out what it says, `ended` is set when it is gone."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trainer", *arguments, "--parent", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        with suppress(OSError):  # it may have ended already
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        self._events: queue.Queue[Event] = queue.Queue()
        self._held = False
        self._begun = False
        self._killed_at: float | None = None
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="child", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process, which is also its group."""
        return self._process.pid

    @property
    def held(self) -> bool:
        """Whether it stands still."""
        return self._held

    def next_event(self, seconds: float) -> Event | None:
        """Return the next event, or None where none came within `seconds`."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None

    def exit_code(self) -> int | None:
        """Return how it ended, None while it runs or still has something to say."""
        if self._process.poll() is None:
            return None
        self._reader.join()
        return self._process.returncode if self._events.empty() else None

    def hold(self, held: bool) -> None:
        """Let it stand still, or go on; not before it can be trusted to end with this process."""
        if held != self._held and self._begun:
            self._signal(signal.SIGSTOP if held else signal.SIGCONT)
            self._held = held

    def stop(self) -> None:
        """Ask it to stop; asked again after `STOP_SECONDS`, kill it."""
        if self._killed_at is None:
            self._killed_at = time.monotonic() + STOP_SECONDS
            self.hold(False)  # a process that stands still does not hear TERM
            self._signal(signal.SIGTERM)
        elif time.monotonic() > self._killed_at:
            self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """End it at once and wait until it is gone."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    self._begun = True
                    self._events.put(event)
