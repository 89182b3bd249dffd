"""The worker's side of the generating process: starts it, asks it, hands its tokens to who waits.

A process that died fails what it was generating; the next question starts another. Knows no text
and no adapters' content.
"""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from tasks.engines.openvino.scheduler import Ask
from tasks.engines.openvino.spec import Spec
from tasks.errors import EngineFailed
from trainer.errors import AdapterRefused

log = logging.getLogger(__name__)

HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Memory in pages of 2 MB where Linux gives them to who asks (glibc 2.35 on, else without effect).
OpenVINO's kernels have their weights there and read all of them for every token. Measured at 7B:
3 % faster with one stream, 4 % with eight."""

News = tuple[list[int], bool, Exception | None]
"""New token ids, whether they are the last, and what went wrong if they are."""


class Generator:
    """One generating process at a time; safe to use from several threads."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._last_id = 0

    def start(self) -> None:
        """Start loading the model; `ready` waits for it."""
        with self._lock:
            self._running()

    def ready(self) -> None:
        """Wait until the model is loaded and warmed up.

        Raises:
            EngineFailed: it could not be loaded.
        """
        with self._lock:
            child = self._running()
        child.wait_until_ready()

    def ask(self, make: Callable[[int], Ask]) -> "Run":
        """Ask what `make` returns for a new id."""
        with self._lock:
            self._last_id += 1
            return self._running().ask(make(self._last_id))

    @property
    def pid(self) -> int | None:
        """The process id of the generating process, if there is one."""
        return self._child.process.pid if self._child else None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._child is not None:
                self._child.close()
                self._child = None

    def _running(self) -> "_Child":
        if self._child is None or self._child.gone:
            self._child = _Child(self.spec)
        return self._child


class Run:
    """One question under way; `news` is what comes of it."""

    def __init__(self, id: int, child: "_Child") -> None:
        self.id = id
        self.news: SimpleQueue[News] = SimpleQueue()
        self._child = child

    def cancel(self) -> None:
        """Let it end; nothing more is heard of it."""
        self._child.forget(self.id)


class _Child:
    """The process, its socket, and the runs that wait for its news."""

    def __init__(self, spec: Spec) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [
                sys.executable,
                "-m",
                "tasks.engines.openvino.generator_process",
                str(theirs.fileno()),
            ]
            self.process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], env={**os.environ, **HUGE_PAGES}
            )
        self.gone = False
        self._connection = Connection(ours.detach())
        self._sending = threading.Lock()
        self._runs: dict[int, Run] = {}
        self._ready = threading.Event()
        self._why: EngineFailed | None = None
        self._send({"spec": asdict(spec)})
        self._listener = threading.Thread(target=self._listen, name="generator", daemon=True)
        self._listener.start()

    def wait_until_ready(self) -> None:
        self._ready.wait()
        if self._why is not None:
            raise self._why

    def ask(self, ask: Ask) -> Run:
        run = self._runs[ask.id] = Run(ask.id, self)
        self._send({"ask": asdict(ask)})
        return run

    def forget(self, id: int) -> None:
        if self._runs.pop(id, None):
            self._send({"cancel": id})

    def close(self) -> None:
        self.process.kill()
        self._listener.join()

    def _send(self, message: dict[str, Any]) -> None:
        with self._sending:
            try:
                self._connection.send_bytes(json.dumps(message).encode())
            except OSError:
                self._fail("it is gone")

    def _listen(self) -> None:
        why = "it ended"
        try:
            while True:
                message = json.loads(self._connection.recv_bytes())
                why = message.get("failed", why)
                self._take(message)
        except (EOFError, OSError):
            self._fail(why)
            self.process.kill()
            self.process.wait()
            self._connection.close()

    def _take(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready.set()
        elif "refused" in message:
            self._end(message["refused"], AdapterRefused(message["why"]))
        elif "ids" in message:
            ended = set(message["ended"])
            for key, ids in message["ids"].items():
                self._tell(int(key), ids, int(key) in ended)
            for id in ended:
                self._tell(id, [], True)

    def _tell(self, id: int, ids: list[int], last: bool) -> None:
        run = self._runs.pop(id, None) if last else self._runs.get(id)
        if run is not None:
            run.news.put((ids, last, None))

    def _end(self, id: int, error: Exception) -> None:
        run = self._runs.pop(id, None)
        if run is not None:
            run.news.put(([], True, error))

    def _fail(self, why: str) -> None:
        self.gone = True
        self._why = EngineFailed(f"The generating process failed ({why}); it is started again.")
        for id in list(self._runs):
            self._end(id, self._why)
        self._ready.set()
