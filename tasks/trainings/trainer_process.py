"""A `python -m trainer` process: its events as they come; paused, continued, stopped, killed.

It runs in a process group of its own, at a lower priority than answers, and dies with this process.
This module does not know what the events mean.
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
"""Leaves the cores to an answer that has begun before the training is paused."""
STOP_SECONDS = 8.0
"""How long the process may take to stop by itself, which writes a checkpoint, before a kill."""

Event = dict[str, Any]


class TrainerProcess:
    """One process, started when this object is made.

    A thread reads its standard output, one JSON object per line; `next_event` hands them out.
    """

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
        self._paused = False
        self._begun = False
        self._kill_at: float | None = None
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="trainer events", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self._process.pid

    @property
    def paused(self) -> bool:
        """Whether it was sent SIGSTOP."""
        return self._paused

    def next_event(self, seconds: float) -> Event | None:
        """Return the next event, or None where none came within `seconds`."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None

    def exit_code(self) -> int | None:
        """Return the exit code, None while it runs or has events that were not taken yet."""
        if self._process.poll() is None:
            return None
        self._reader.join()
        return self._process.returncode if self._events.empty() else None

    def set_paused(self, paused: bool) -> None:
        """Pause or continue the process group.

        Nothing happens before the first event: until then the process may not have asked the kernel
        yet to die with this one, and paused it would be left behind.
        """
        if paused != self._paused and self._begun:
            self._signal(signal.SIGSTOP if paused else signal.SIGCONT)
            self._paused = paused

    def stop(self) -> None:
        """Ask the process to stop; a call more than `STOP_SECONDS` after the first kills it."""
        if self._kill_at is None:
            self._kill_at = time.monotonic() + STOP_SECONDS
            self.set_paused(False)  # a paused process does not handle SIGTERM
            self._signal(signal.SIGTERM)
        elif time.monotonic() > self._kill_at:
            self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """Kill the process group and wait until the process is gone."""
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
                    continue  # a library's own output
                if isinstance(event, dict):
                    self._begun = True
                    self._events.put(event)
