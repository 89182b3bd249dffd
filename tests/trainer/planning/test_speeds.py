"""Speeds that a stopped process cannot move, kept in a file."""

from pathlib import Path

import pytest

from trainer.planning import speeds
from trainer.planning.speeds import Stopwatch


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
