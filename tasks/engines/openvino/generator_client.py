"""The worker's side of the generating process: starts it, sends it requests, passes tokens on.

When the process dies, the requests it was generating fail, and the next request starts another
process. Knows no text and nothing of what an adapter holds.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, NamedTuple

from tasks.engines.openvino.messages import PipelineSpec, Request
from tasks.errors import EngineFailed
from trainer.errors import AdapterRefused

HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Memory in pages of 2 MB, where Linux gives them to a process that asks (`madvise`; glibc 2.35 or
newer, without effect on older ones). All weights are read for every token, and OpenVINO's kernels
hold theirs in such memory. Measured at 7B: 3 % faster with one request, 4 % with eight."""

END_SECONDS = 5.0
"""How long a process whose connection is closed may take to end by itself."""


class Tokens(NamedTuple):
    """New token ids of a request, whether they are the last, and the error that ended it."""

    ids: list[int]
    last: bool
    error: Exception | None = None


class Generator:
    """The generating process, one at a time; safe to use from several threads."""

    def __init__(self, spec: PipelineSpec) -> None:
        self.spec = spec
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._last_id = 0

    def start(self) -> None:
        """Start loading the model; `wait_until_ready` waits for it."""
        with self._lock:
            self._living_process()

    def wait_until_ready(self) -> None:
        """Wait until the model is loaded and warmed up.

        Raises:
            EngineFailed: it could not be loaded.
        """
        with self._lock:
            process = self._living_process()
        process.wait_until_ready()

    def submit(self, make: Callable[[int], Request]) -> "RequestHandle":
        """Send the request that `make` returns for a new id.

        Raises:
            EngineFailed: the process is gone and cannot be started now.
        """
        with self._lock:
            self._last_id += 1
            return self._living_process().submit(make(self._last_id))

    @property
    def pid(self) -> int | None:
        """The process id of the generating process, if there is one."""
        return self._process.popen.pid if self._process else None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.close()
                self._process = None

    def _living_process(self) -> "_Process":
        if self._process is None or self._process.gone:
            self._process = _Process(self.spec)
        return self._process


class RequestHandle:
    """A submitted request; its tokens arrive in the queue `tokens`, the last entry with `last`."""

    def __init__(self, id: int, process: "_Process") -> None:
        self.id = id
        self.tokens: SimpleQueue[Tokens] = SimpleQueue()
        self._process = process

    def cancel(self) -> None:
        """End the generation; no more tokens arrive. Without effect on a request that ended."""
        self._process.cancel(self.id)


class _Process:
    """One process with its socket, and the handles of the requests it has not ended yet.

    Raises:
        EngineFailed: the system has no memory or no descriptor left for it now.
    """

    def __init__(self, spec: PipelineSpec) -> None:
        try:
            self.popen, self._connection = _started()
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineFailed(
                f"The generating process cannot be started ({error}); it is tried again."
            ) from error
        self.gone = False
        self._sending = threading.Lock()
        self._handles: dict[int, RequestHandle] = {}
        self._ready_or_failed = threading.Event()
        self._failure: EngineFailed | None = None
        self._send({"spec": asdict(spec)})
        self._listener = threading.Thread(target=self._listen, name="generator", daemon=True)
        self._listener.start()

    def wait_until_ready(self) -> None:
        self._ready_or_failed.wait()
        if self._failure is not None:
            raise self._failure

    def submit(self, request: Request) -> RequestHandle:
        handle = self._handles[request.id] = RequestHandle(request.id, self)
        self._send({"request": asdict(request)})
        return handle

    def cancel(self, id: int) -> None:
        if self._handles.pop(id, None):
            self._send({"cancel": id})

    def close(self) -> None:
        self.popen.kill()
        self._listener.join()

    def _send(self, message: dict[str, Any]) -> None:
        with self._sending:
            try:
                self._connection.send_bytes(json.dumps(message).encode())
            except OSError:
                self._fail("it is gone")

    def _listen(self) -> None:
        reason = ""
        try:
            while True:
                message = json.loads(self._connection.recv_bytes())
                reason = message.get("failed", "")
                self._receive(message)
        except (EOFError, OSError):
            pass
        finally:  # also after an unexpected error: the requests would wait for ever
            self._fail(reason or self._how_it_ended())
            self.popen.kill()
            self.popen.wait()
            self._connection.close()

    def _how_it_ended(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            if self.popen.wait(timeout=END_SECONDS) == -signal.SIGKILL:
                return "it was killed, by the kernel if memory is short"
        return "it ended"

    def _receive(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready_or_failed.set()
        elif "refused" in message:
            self._end(message["refused"], AdapterRefused(message["reason"]))
        elif "ids" in message:
            ended = set(message["ended"])
            for key, ids in message["ids"].items():
                self._pass_on(int(key), ids, last=int(key) in ended)
            for id in ended:
                self._pass_on(id, [], last=True)

    def _pass_on(self, id: int, ids: list[int], *, last: bool) -> None:
        # A request that was cancelled has no handle any more, and its last tokens no reader.
        handle = self._handles.pop(id, None) if last else self._handles.get(id)
        if handle is not None:
            handle.tokens.put(Tokens(ids, last))

    def _end(self, id: int, error: Exception) -> None:
        handle = self._handles.pop(id, None)
        if handle is not None:
            handle.tokens.put(Tokens([], True, error))

    def _fail(self, reason: str) -> None:
        self.gone = True
        self._failure = EngineFailed(
            f"The generating process failed ({reason}); it is started again."
        )
        for id in list(self._handles):
            self._end(id, self._failure)
        self._ready_or_failed.set()


def _started() -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a process; returns it with our end of the socket that it is given."""
    ours, childs = socket.socketpair()
    with ours, childs:
        module = "tasks.engines.openvino.generator_process"
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(childs.fileno())],
            pass_fds=[childs.fileno()],
            env={**os.environ, **HUGE_PAGES},
        )
        return process, Connection(ours.detach())
