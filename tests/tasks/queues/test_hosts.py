"""Two real workers with different models: each question is answered by one that can."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tasks.broker.celery_app import app, publish
from tasks.broker.jobs import ADAPTER, Jobs
from tasks.broker.workers import Workers
from tasks.settings import settings
from tests.patience import SECONDS
from tests.tasks.adapter_files import write_adapter
from tests.trainer import doubles
from trainer.adapters.adapter import read


@pytest.fixture
def workers(
    tmp_path: Path, valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workers]:
    """Workers `a`, with the model `one`, and `b`, with `two`, on one home."""
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    settings.cache_clear()
    app.conf.broker_url = valkey
    command = [sys.executable, "-m", "tasks.cli", "worker", "--engine", "transformers"]
    environment = {**os.environ, "SWALLOW_THREADS": "1", "SWALLOW_MAX_NEW_TOKENS": "4"}
    processes = [
        subprocess.Popen(
            [*command, "--model", str(doubles.write_model(tmp_path / model)), "--name", name],
            env=environment,
        )
        for name, model in (("a", "one"), ("b", "two"))
    ]
    register = Workers(redis)
    end = time.monotonic() + SECONDS
    while [worker.state for worker in register.all()] != ["ready", "ready"]:
        assert time.monotonic() < end
        time.sleep(0.1)
    yield register
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(SECONDS)
    settings.cache_clear()


def test_eight_questions_with_an_adapter_are_all_answered_by_the_worker_with_its_model(
    workers: Workers, redis: Redis, tmp_path: Path
) -> None:
    jobs = Jobs(redis, keep_ms=60_000, queue_limit=20)
    folder = write_adapter(tmp_path / "home" / "adapters" / "learned", base_model="one", layers=2)
    redis.set(ADAPTER, f"learned@{read(folder).digest}")
    ids = [f"question-{number}" for number in range(8)]
    for id in ids:
        jobs.create(id, "answer", destination={}, asked={})
        jobs.enqueue(id, {"instruction": "hi"})
        publish(id, "answer")

    end = time.monotonic() + SECONDS
    while jobs.open("answer"):
        assert time.monotonic() < end, jobs.open("answer")
        time.sleep(0.1)

    ends = [jobs.events(id)[-1] for id in ids]
    assert [(event.type, event.data.get("model")) for event in ends] == [("finished", "one")] * 8
    assert all(jobs.get(id).lost == 0 for id in ids)  # type: ignore[union-attr]
