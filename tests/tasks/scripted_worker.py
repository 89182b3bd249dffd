"""A real worker with an engine that does what a test says; run as a process of its own.

Each question notes that it has begun, with how many run, and answers once the key `test:go` or
`test:go:<instruction>` exists. While `test:broken` exists the generating process dies at once.
"""

import sys
import threading
import time
from collections.abc import Callable

from tasks.broker.connection import connect
from tasks.engines import choose
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.errors import EngineFailed
from tasks.queues import engine_check
from tasks.settings import settings
from tasks.worker import WorkerProcess


class ScriptedEngine:
    """An engine without a model."""

    name, model, parallel, sampling, style = "scripted", "tiny", 8, Sampling(), None
    precision = "int4 (best)"

    def __init__(self) -> None:
        self._redis = connect(settings())
        self._running = 0
        self._lock = threading.Lock()

    def answer(
        self,
        question: Question,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool],
        *_: object,
    ) -> Answer:
        if self._redis.exists("test:broken"):
            raise EngineFailed("The generating process failed (scripted); it is started again.")
        if question != engine_check.QUESTION:
            with self._lock:
                self._running += 1
                self._redis.rpush("test:begun", f"{question.instruction} {self._running}")
            while not self._redis.exists("test:go", f"test:go:{question.instruction}"):
                if should_stop():
                    break
                time.sleep(0.02)
            with self._lock:
                self._running -= 1
        on_text("an answer")
        return Answer("", 3, 2, 1.0, 0.5, "stop")


if __name__ == "__main__":
    choose.load_engine = lambda _: ScriptedEngine()  # type: ignore[assignment, misc]
    engine_check.RETRY_SECONDS = 0.2
    sys.exit(WorkerProcess(settings(), ("answers", "plans"), sys.argv[1]).run())
