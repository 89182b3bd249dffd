"""The register of workers: each announces itself every few seconds, or its entry expires."""

import json
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, cast

from redis import Redis
from redis.exceptions import ResponseError

from tasks.broker.job import JobState

WorkerState = Literal["loading", "ready", "draining", "failed"]

ALIVE_MS = 15_000
FAILED_MS = 120_000
"""A failed worker stays in the register this long: `swallow up` starts it again within a minute."""

_NAMES = "swallow:workers"


@dataclass(frozen=True)
class Worker:
    """What a worker announces of itself.

    `reason` says why it failed, in the words that final events use; `detail` says it in a sentence.
    """

    name: str
    queues: tuple[str, ...]
    state: WorkerState = "loading"
    model: str = ""
    engine: str = ""
    precision: str = ""
    """Of the weights it serves, and how 4 bits were rounded, such as `int4 (best)`."""
    reason: str = ""
    detail: str = ""
    running: int = 0
    answered: int = 0
    tokens_per_second: float | None = None
    parallel: int = 1
    """How many questions it answers at once."""
    answer_seconds: float | None = None
    """How long an answer takes of late, in seconds; None before the first."""
    refused: dict[str, str] = field(default_factory=dict)
    """The adapters it cannot answer with, by their references, and why, in a sentence."""
    home: str = ""
    """The id of its home, see `tasks.home_id`."""
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)

    def failed_for(self, queue: str) -> bool:
        """Whether it cannot take jobs of `queue`; without a generating process it still plans."""
        return self.state == "failed" and (self.reason != "generator" or queue == "answers")


class Workers:
    """The register in one broker."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def announce(self, worker: Worker) -> None:
        """Enter `worker` in the register, or renew its entry."""
        keep = FAILED_MS if worker.state == "failed" else ALIVE_MS
        key = f"swallow:worker:{worker.name}"
        with self.redis.pipeline() as pipe:
            pipe.set(key, json.dumps(asdict(worker)), px=keep)
            pipe.sadd(_NAMES, worker.name)
            pipe.execute()

    def leave(self, name: str) -> None:
        """Take a worker out of the register."""
        self.redis.delete(f"swallow:worker:{name}")
        self.redis.srem(_NAMES, name)

    def all(self) -> list[Worker]:
        """Return the workers whose entry has not expired, sorted by name."""
        names = sorted(cast(set[str], self.redis.smembers(_NAMES)))
        if not names:
            return []
        keys = [f"swallow:worker:{name}" for name in names]
        with self.redis.pipeline() as pipe:
            pipe.mget(keys)
            for key in keys:
                pipe.pttl(key)
            values, *lives = pipe.execute()
        with suppress(ResponseError):  # a broker whose disk is full: the next reader tidies
            self._forget(name for name, value in zip(names, values, strict=True) if value is None)
            self._shorten(key for key, life in zip(keys, lives, strict=True) if life > FAILED_MS)
        return [_worker(value) for value in values if value is not None]

    def _forget(self, names: Iterable[str]) -> None:
        if gone := list(names):
            self.redis.srem(_NAMES, *gone)

    def _shorten(self, keys: Iterable[str]) -> None:
        """Let entries live no longer than any written now: those are from before the clock was set
        back, and a dead worker must not seem to live until it has caught up."""
        for key in keys:
            self.redis.pexpire(key, ALIVE_MS)


def answering(workers: list[Worker]) -> list[Worker]:
    """Return those that answer questions now or soon."""
    return [worker for worker in workers if "answers" in worker.queues and worker.state != "failed"]


def can_answer(worker: Worker, job: JobState) -> bool:
    """Tell whether `worker` answers questions and is not known to be unable to answer this one."""
    fits = not worker.model or not job.model or worker.model == job.model
    return bool(answering([worker])) and fits and job.adapter not in worker.refused


def _worker(value: str) -> Worker:
    # A worker of a later version announces fields that are not known here yet.
    known = {field.name for field in fields(Worker)}
    announced = {key: value for key, value in json.loads(value).items() if key in known}
    return Worker(**announced | {"queues": tuple(announced["queues"])})
