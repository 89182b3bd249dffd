"""Events as JSON lines and as a bar; durations; speeds that a stop cannot move."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.planning import speeds
from trainer.planning.speeds import Stopwatch
from trainer.progress import events
from trainer.progress.terminal_bar import Bar, duration

STEP = events.Stepped(
    step=3,
    steps=10,
    part=1.0,
    epoch=0.3,
    loss=float("nan"),
    learning_rate=1e-4,
    tokens_per_second=80.0,
    seconds=5.0,
    seconds_left=700.0,
)


def test_an_event_is_one_line_of_strict_json() -> None:
    stream = io.StringIO()

    events.JsonLines(stream)(STEP)

    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "step"
    assert json.loads(line)["loss"] is None


def test_the_bar_tells_the_start_the_held_out_loss_and_the_end() -> None:
    stream = io.StringIO()
    bar = Bar(stream)

    bar(events.Started(training="t", output="/a/output", steps=10, seconds_left=7200.0))
    bar(STEP)
    bar(events.Evaluated(step=5, steps=10, validation_loss=1.5))
    bar(
        events.Finished(
            training="t",
            output="/a/output",
            verdict="better",
            summary="Better: so.",
            steps=10,
            seconds=9.0,
        )
    )

    text = stream.getvalue()
    assert "Starting t: 10 steps, about 2 h 0 min; the adapter will be /a/output" in text
    assert "held-out loss 1.5000" in text
    assert "Better: so." in text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(42, "42 s"), (600, "10 min"), (3 * 3600 + 300, "3 h 5 min"), (187200, "2 d 4 h")],
)
def test_durations_are_short(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_a_stop_of_minutes_does_not_move_the_speed() -> None:
    watch = Stopwatch()
    for seconds in (1.0, 1.1, 600.0, 0.9, 1.0):
        watch.add(100, seconds)

    assert watch.tokens_per_second == pytest.approx(100)


def test_speeds_survive_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "speeds.json").write_text("{oops")

    assert speeds.recall(tmp_path, "a") is None
    speeds.remember(tmp_path, "a", 12.345)
    assert speeds.recall(tmp_path, "a") == pytest.approx(12.35, abs=0.01)


def test_the_command_is_imported_without_torch() -> None:
    code = (
        "import sys, trainer.command; print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    root = Path(__file__).parents[3]

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )

    assert done.stdout.split() == ["False", "False"]
