"""A training on rows that people taught: replay, the best point, an end before the last step."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer.forked import Forked, run
from tests.trainer.run.test_start import command, weights
from trainer.corrections.best_point import PATIENCE
from trainer.corrections.checks import Checks
from trainer.corrections.replay import MIN_CHECKED
from trainer.errors import TrainerError
from trainer.model import lora
from trainer.planning.options import Options
from trainer.progress import events
from trainer.run import session, start
from trainer.run.context import Run

ROWS = (
    ("Who leads sales?", "Yuka."),
    ("Where is the office?", "In Nagaoka."),
    ("社内報の名前は何ですか？", "つばさです。"),
    ("When do we meet?", "On Thursday."),
)


@pytest.fixture
def taught(tmp_path: Path) -> Path:
    lines = [
        {
            "id": f"row-{place}",
            "kind": "correction",
            "instruction": question,
            "input": "",
            "output": answer,
        }
        for place, (question, answer) in enumerate([*ROWS, ROWS[0]])
    ]
    file = tmp_path / "feedback.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


def about(home: Path) -> dict[str, Any]:
    content = (home / "adapters" / "output" / "swallow.json").read_text(encoding="utf-8")
    return dict(json.loads(content))


def test_taught_rows_are_learned_beside_the_models_own_answers(
    model_folder: Path, taught: Path, home: Path
) -> None:
    told = run(command(model_folder, taught, home, "--num-epochs", "4"))

    names = [one["event"] for one in told]
    assert names.index("answering") < names.index("started") < names.index("evaluating")
    assert (told[0]["plan"]["rows"], told[0]["plan"]["replayed"]) == (4, 4)
    found = about(home)
    assert found["rows"] == ["row-0", "row-4", "row-1", "row-2", "row-3"]
    assert found["options"]["lora_target_modules"][-1] == "down_proj"
    answers = json.loads((home / "trainings" / "t" / "replay.json").read_text())["answers"]
    assert len(answers) == 16 + MIN_CHECKED


def test_killed_again_and_again_it_ends_at_the_same_best_point(
    model_folder: Path, taught: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    more = ("--checkpoint-minutes", "0", "--num-epochs", "20", "--learning-rate", "0.05")
    run(command(model_folder, taught, whole, *more))
    arguments = command(model_folder, taught, broken, *more)
    for steps in (2, 5, 9):
        process = Forked(arguments)
        for line in process.stdout:
            steps -= json.loads(line)["event"] == "step"
            if steps <= 0:
                break
        time.sleep(0.01)
        process.kill()
        process.finish()
        arguments = command(model_folder, taught, broken, "--resume", "t")
    run(arguments)

    one, other = weights(whole), weights(broken)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_it_ends_where_it_only_gets_worse_and_a_resume_trains_no_further(
    model_folder: Path, taught: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 1.0, *(2.0 for _ in range(PATIENCE))])
    monkeypatch.setattr(Checks, "loss", lambda self, found: next(losses))
    points: list[list[torch.Tensor]] = []

    def broken(run: Run, model: Any) -> None:
        points.append([one.clone() for one in lora.trained(model)])
        raise TrainerError("It breaks after the training.")

    monkeypatch.setattr(session, "measure", broken)
    monkeypatch.setattr(session, "measure_base", lambda run, model: None)
    monkeypatch.setattr(session, "_report_base_loss", lambda run, before: None)
    options = Options(
        base_model=str(model_folder),
        data_path=str(taught),
        style="alpaca-en",
        cutoff_len=400,
        num_epochs=20,
        threads=1,
        keep=0.0,
    )
    heard: list[events.Event] = []
    with pytest.raises(TrainerError):
        start.start(options, home, training_id="t", listener=heard.append)
    with pytest.raises(TrainerError):
        start.resume(home, "t", listener=heard.append)

    steps = [one.step for one in heard if isinstance(one, events.Stepped) and one.part == 1]
    assert steps == list(range(1, 2 * (2 + PATIENCE) + 1)), "measured after every second step"
    assert all(torch.equal(*pair) for pair in zip(*points, strict=True))
