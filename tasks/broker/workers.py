"""The register of workers: each says every few seconds what it is and does; silence removes it."""

import json
import os
import socket
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, cast

from redis import Redis

WorkerState = Literal["loading", "ready", "draining", "failed"]

ALIVE_MS = 15_000
FAILED_MS = 120_000
"""A worker that could not start stays visible this long: `up` tries again at most once a minute."""

_ALL = "swallow:workers"


@dataclass(frozen=True)
class Worker:
    """What a worker says of itself; `reason` names why it failed, as a final event does."""

    name: str
    queues: tuple[str, ...]
    state: WorkerState = "loading"
    model: str = ""
    engine: str = ""
    reason: str = ""
    detail: str = ""
    running: int = 0
    answered: int = 0
    tokens_per_second: float | None = None
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)


class Workers:
    """The register in one broker."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def announce(self, worker: Worker) -> None:
        """Say that `worker` is alive, or has failed."""
        keep = FAILED_MS if worker.state == "failed" else ALIVE_MS
        key = f"swallow:worker:{worker.name}"
        with self.redis.pipeline() as pipe:
            pipe.set(key, json.dumps(asdict(worker)), px=keep)
            pipe.sadd(_ALL, worker.name)
            pipe.execute()

    def leave(self, name: str) -> None:
        """Take a worker out of the register."""
        self.redis.delete(f"swallow:worker:{name}")
        self.redis.srem(_ALL, name)

    def all(self) -> list[Worker]:
        """Return the workers heard of lately, by name."""
        names = sorted(cast(set[str], self.redis.smembers(_ALL)))
        if not names:
            return []
        values = cast(list[Any], self.redis.mget([f"swallow:worker:{name}" for name in names]))
        gone = [name for name, value in zip(names, values, strict=True) if value is None]
        if gone:
            self.redis.srem(_ALL, *gone)
        return [_worker(value) for value in values if value is not None]


def answering(workers: list[Worker]) -> list[Worker]:
    """Return those that answer questions now or soon."""
    return [worker for worker in workers if "answers" in worker.queues and worker.state != "failed"]


def _worker(value: str) -> Worker:
    fields = json.loads(value)
    return replace(Worker(fields["name"], tuple(fields["queues"])), **_rest(fields))


def _rest(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in ("name", "queues")}
