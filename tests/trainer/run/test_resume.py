"""What a resume takes over from the first start, and what it waits for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.trainer import doubles
from trainer.errors import MemoryTooSmall
from trainer.model import elementwise
from trainer.model.output_layer import Int8OutputLayer
from trainer.planning import memory
from trainer.planning.options import Options
from trainer.progress import events
from trainer.run import calibrate, session, start
from trainer.run.context import Run

OLD, NEW = "a" * 40, "b" * 40


class Hub:
    """The hub as a cache of it on this machine, which no network completes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def commit(self, repository: str, revision: str, write: Callable[[Path], object]) -> None:
        """Add a commit that `write` fills; it is the newest from now on."""
        folder = self.folder / repository
        snapshot = folder / "snapshots" / revision
        snapshot.mkdir(parents=True)
        write(snapshot)
        (folder / "refs").mkdir(exist_ok=True)
        (folder / "refs" / "main").write_text(revision)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return Hub(tmp_path / "hub")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that were about to train; none of them does."""
    begun: list[Run] = []

    def train(run: Run) -> Path:
        begun.append(run)
        return run.plan.output

    monkeypatch.setattr(start, "_train", train)
    return begun


def begin(home: Path, **options: Any) -> None:
    start.start(
        Options(style="alpaca-en", threads=1, **options),
        home,
        training_id="t",
        listener=events.silent,
    )


def rows(count: int, seed: int) -> Callable[[Path], object]:
    return lambda folder: doubles.write_rows(folder / "rows.jsonl", count, seed)


def test_a_training_goes_on_with_the_data_and_the_model_it_began_with(
    hub: Hub, runs: list[Run], home: Path
) -> None:
    hub.commit("datasets--org--rows", OLD, rows(48, 0))
    hub.commit("datasets--org--held", OLD, rows(20, 1))
    hub.commit("models--org--tiny", OLD, doubles.write_model)
    begin(home, data_path="org/rows", val_data_path="org/held", base_model="org/tiny")
    hub.commit("datasets--org--rows", NEW, rows(60, 2))
    hub.commit("datasets--org--held", NEW, rows(30, 3))
    hub.commit("models--org--tiny", NEW, doubles.write_model)

    start.resume(home, "t", listener=events.silent)

    first, resumed = (run.plan for run in runs)
    assert resumed.facts == first.facts
    assert first.facts["data"] == "org/rows"
    assert (resumed.source.name, resumed.source.path) == ("tiny", "org/tiny")
    assert first.source.revision == resumed.source.revision == OLD
    assert resumed.held_out == first.held_out
    assert resumed.options.data_path == f"org/rows@{OLD}"


def test_a_new_training_takes_the_newest_commit(hub: Hub, runs: list[Run], home: Path) -> None:
    for revision, count in ((OLD, 48), (NEW, 60)):
        hub.commit("datasets--org--rows", revision, rows(count, 0))
        hub.commit("models--org--tiny", revision, doubles.write_model)

    begin(home, data_path="org/rows", base_model="org/tiny")

    assert runs[0].plan.source.revision == NEW
    assert runs[0].plan.facts["read"] == 60


def test_a_resume_waits_for_memory_and_says_so(
    runs: list[Run],
    model_folder: Path,
    rows_file: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(home, data_path=str(rows_file), base_model=str(model_folder))
    needed = runs[0].plan.estimate.total
    heard: list[events.Event] = []
    free = iter([5, needed - 1, needed])
    monkeypatch.setattr(memory, "available", lambda: next(free))
    monkeypatch.setattr(memory, "LOOK_SECONDS", 0.0)

    start.resume(home, "t", listener=heard.append)

    assert heard == [
        events.WaitingForMemory(training="t", needed=needed, free=free) for free in (5, needed - 1)
    ]
    assert len(runs) == 2


def test_a_new_training_without_memory_is_refused_at_once(
    model_folder: Path, rows_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 5)

    with pytest.raises(MemoryTooSmall):
        begin(home, data_path=str(rows_file), base_model=str(model_folder))


def test_a_resume_on_a_machine_that_can_never_have_the_memory_is_refused() -> None:
    total = psutil.virtual_memory().total

    with pytest.raises(MemoryTooSmall):
        memory.wait(total + 1, lambda _: None, micro_batch_size=1, precision="int8")


def test_a_resume_keeps_the_output_layer_that_was_the_fastest_at_first(
    runs: list[Run],
    model_folder: Path,
    rows_file: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elementwise, "can_compile", lambda cache: False)
    begin(home, data_path=str(rows_file), base_model=str(model_folder), precision="int8")
    for faster in (True, False):
        monkeypatch.setattr(calibrate, "int8_output_is_faster", lambda width, now=faster: now)

        model = session._load_model(runs[0])

        assert isinstance(model.get_base_model().lm_head, Int8OutputLayer)


def test_the_measurement_of_output_layers_names_one() -> None:
    assert calibrate.int8_output_is_faster(64) in (True, False)
