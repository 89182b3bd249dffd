"""The generating process: answers asks that come over the socket of file descriptor FD (argv).

It is a process of its own because a step of the pipeline holds Python's lock: in the worker,
heartbeats and cancellations would wait for it. It ends when the other side closes the socket.

Messages are JSON. In: `{"spec": …}` first, then `{"ask": …}` and `{"cancel": id}`. Out: `{"ready":
…}`, `{"ids": {id: [token, …]}, "ended": [id, …]}`, `{"refused": id, "why": …}`, `{"failed": why}`.
"""

import json
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from tasks.engines.openvino.pipeline import Pipeline
from tasks.engines.openvino.scheduler import Ask, Line
from tasks.engines.openvino.spec import Spec
from trainer.errors import AdapterRefused


class Batching:
    """The loop: take messages, let in who may run, step, tell the news."""

    def __init__(self, pipeline: Pipeline, line: Line, connection: Connection) -> None:
        self.pipeline = pipeline
        self.line = line
        self.connection = connection

    def run(self) -> None:
        """Work until the other side is gone (EOFError)."""
        while True:
            while self.line.idle or self.connection.poll(0):
                self._take(json.loads(self.connection.recv_bytes()))
            self._let_in()
            if self.line.running:
                self._step()

    def _take(self, message: dict[str, Any]) -> None:
        if "ask" in message:
            self.line.add(Ask(**message["ask"]))
        elif not self.line.leave(message["cancel"]):
            self.pipeline.cancel(message["cancel"])

    def _let_in(self) -> None:
        while ask := self.line.next():
            try:
                self.pipeline.use(ask.adapter)
            except AdapterRefused as error:
                self.line.end(ask.id)
                send(self.connection, {"refused": ask.id, "why": str(error)})
            else:
                self.pipeline.start(ask)

    def _step(self) -> None:
        news = self.pipeline.step()
        for id in news.ended:
            self.line.end(id)
        if news.ids or news.ended:
            send(self.connection, {"ids": news.ids, "ended": news.ended})


def send(connection: Connection, message: dict[str, Any]) -> None:
    """Send one message."""
    connection.send_bytes(json.dumps(message).encode())


def main() -> int:
    """Serve the socket whose descriptor is the first argument."""
    # Whoever stops the worker decides when this process goes: answers may still be under way.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    try:
        spec = Spec(**json.loads(connection.recv_bytes())["spec"])
        pipeline = Pipeline(spec)
        send(connection, {"ready": True})
        Batching(pipeline, Line(places=spec.places, blocks=spec.blocks), connection).run()
    except RuntimeError as error:  # what OpenVINO raises
        send(connection, {"failed": str(error).strip().splitlines()[-1]})
        return 1
    except (EOFError, ConnectionError):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
