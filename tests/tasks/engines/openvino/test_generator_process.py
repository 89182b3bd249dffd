"""The loop of the generating process, in this process: requests that are paused and go on."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from random import Random

import pytest

from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.generator_process import GeneratorLoop, send
from tasks.engines.openvino.messages import PipelineSpec, Request, RequestAdapter
from tasks.engines.openvino.pipeline import Pipeline
from tasks.engines.openvino.scheduler import Scheduler
from tasks.engines.openvino.serving import pipeline_spec
from tests.patience import SECONDS
from tests.tasks.engines.openvino.adapters import write_random_adapter
from tests.tasks.models.tiny_models import VOCABULARY, write_tiny
from trainer.adapters.adapter import read

IDS = [Random(0).choices(range(2, VOCABULARY), k=50), Random(1).choices(range(2, VOCABULARY), k=40)]


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> PipelineSpec:
    folder = tmp_path_factory.mktemp("tiny")
    model = write_tiny(folder / "model", "llama3-64", seed=5)
    converted = convert(model, name="tiny", cache=folder, precision="bf16", kernels=lambda: None)
    return pipeline_spec(converted, threads=2)


@pytest.fixture(scope="module")
def adapter(spec: PipelineSpec, tmp_path_factory: pytest.TempPathFactory) -> RequestAdapter:
    used = read(write_random_adapter(tmp_path_factory.mktemp("adapters") / "a", spec.linears, 1))
    return RequestAdapter(str(used.path), used.digest, used.scale)


@contextmanager
def looping(spec: PipelineSpec) -> Iterator[Connection]:
    """Run the loop in a thread; nobody may overtake another adapter, not even for a moment."""
    ours, theirs = Pipe()
    scheduler = Scheduler(max_running=8, kv_blocks=spec.kv_blocks, overtaken_seconds=0.0)
    loop = GeneratorLoop(Pipeline(spec), scheduler, theirs)

    def run() -> None:
        with suppress(EOFError):
            loop.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ours
    finally:
        ours.close()
        thread.join(SECONDS)


def ask(
    connection: Connection, id: int, asked: float, adapter: RequestAdapter | None, new: int = 80
) -> None:
    request = Request(id, IDS[id % 2], new, [VOCABULARY], adapter=adapter, asked=asked)
    send(connection, {"request": asdict(request)})


def ids_of(connection: Connection, ids: dict[int, list[int]]) -> list[int]:
    """Read one message into `ids`; returns which requests ended."""
    assert connection.poll(SECONDS)
    message = json.loads(connection.recv_bytes())
    for id, new in message["ids"].items():
        ids.setdefault(int(id), []).extend(new)
    return list(message["ended"])


def test_a_request_that_is_paused_for_one_asked_earlier_gives_the_same_ids_in_the_end(
    spec: PipelineSpec, adapter: RequestAdapter
) -> None:
    with looping(spec) as connection:
        ids: dict[int, list[int]] = {}
        for id, used in ((1, None), (2, adapter)):  # alone
            ask(connection, id, 0.0, used)
            while id not in ids_of(connection, ids):
                pass
        ask(connection, 4, 2.0, adapter)
        while len(ids.get(4, [])) < 5:
            ids_of(connection, ids)
        ask(connection, 3, 1.0, None)
        while 3 not in ids:
            ids_of(connection, ids)
        before_the_pause = len(ids[4])
        ended: list[int] = []
        while len(ended) < 2:
            ended += ids_of(connection, ids)

    assert ended == [3, 4]
    assert before_the_pause < 80
    assert ids[3] == ids[1]
    assert ids[4] == ids[2]


def test_who_is_paused_can_be_cancelled(spec: PipelineSpec, adapter: RequestAdapter) -> None:
    with looping(spec) as connection:
        ids: dict[int, list[int]] = {}
        ask(connection, 4, 2.0, adapter)
        while 4 not in ids:
            ids_of(connection, ids)
        ask(connection, 3, 1.0, None)
        while 3 not in ids:
            ids_of(connection, ids)
        had = list(ids[4])
        send(connection, {"cancel": 4})
        while 3 not in ids_of(connection, ids):
            pass
        ask(connection, 1, 3.0, None)
        while 1 not in ids_of(connection, ids):
            pass

    assert ids[4] == had
