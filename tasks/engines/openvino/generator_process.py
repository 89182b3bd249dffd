"""The generating process: serves the requests that come over the socket of descriptor FD (argv).

It is a process of its own because a step of the pipeline holds Python's lock: in the worker,
heartbeats and cancellations would wait for it. It ends when the other side closes the socket.

Messages are JSON. In: `{"spec": …}` first, then `{"request": …}` and `{"cancel": id}`. Out:
`{"ready": true}`, `{"ids": {id: [token, …]}, "ended": [id, …]}`, `{"refused": id, "reason": …}`,
`{"failed": reason}`.
"""

import json
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from tasks.engines.openvino.messages import PipelineSpec, Request, request_from
from tasks.engines.openvino.pipeline import Pipeline
from tasks.engines.openvino.scheduler import Scheduler
from trainer.errors import AdapterRefused


class GeneratorLoop:
    """Continuous batching: receive messages, start and pause requests, compute one step, send the
    new tokens. Who asked notices a pause only by the time it takes."""

    def __init__(self, pipeline: Pipeline, scheduler: Scheduler, connection: Connection) -> None:
        self.pipeline = pipeline
        self.scheduler = scheduler
        self.connection = connection
        self._pausing: dict[int, Request] = {}
        """What is left of the requests that the pipeline drops in its next step."""

    def run(self) -> None:
        """Serve until the other side closes the connection (EOFError)."""
        while True:
            while self.scheduler.idle or self.connection.poll(0):
                self._receive(json.loads(self.connection.recv_bytes()))
            self._pause_requests()
            self._start_requests()
            if self.scheduler.running:
                self._step()

    def _receive(self, message: dict[str, Any]) -> None:
        if "request" in message:
            self.scheduler.add(request_from(message["request"]))
        elif not self.scheduler.cancel_waiting(message["cancel"]):
            self._pausing.pop(message["cancel"], None)
            self.pipeline.cancel(message["cancel"])

    def _pause_requests(self) -> None:
        for request in self.scheduler.to_pause():
            if request.id not in self._pausing:
                ids = self.pipeline.ids_of(request.id)
                left = request.max_new_tokens - len(ids)
                self._pausing[request.id] = request.rest(ids, left)
                self.pipeline.cancel(request.id)

    def _start_requests(self) -> None:
        while request := self.scheduler.start_next():
            try:
                self.pipeline.activate(request.adapter)
            except AdapterRefused as error:
                self.scheduler.end(request.id)
                send(self.connection, {"refused": request.id, "reason": str(error)})
            else:
                self.pipeline.start(request)

    def _step(self) -> None:
        result = self.pipeline.step()
        ended = []
        for id in result.ended:
            if id in self._pausing:
                self.scheduler.pause(self._pausing.pop(id))
            else:
                self.scheduler.end(id)
                ended.append(id)
        if result.ids or ended:
            send(self.connection, {"ids": result.ids, "ended": ended})


def send(connection: Connection, message: dict[str, Any]) -> None:
    """Send one message."""
    connection.send_bytes(json.dumps(message).encode())


def main() -> int:
    """Serve the socket whose descriptor is the first argument."""
    # The worker alone ends this process: it drains first, and answers may still be under way.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    try:
        spec = PipelineSpec(**json.loads(connection.recv_bytes())["spec"])
        pipeline = Pipeline(spec)
        send(connection, {"ready": True})
        scheduler = Scheduler(max_running=spec.max_running, kv_blocks=spec.kv_blocks)
        GeneratorLoop(pipeline, scheduler, connection).run()
    except RuntimeError as error:  # what OpenVINO raises
        send(connection, {"failed": str(error).strip().splitlines()[-1]})
        return 1
    except (EOFError, ConnectionError):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
