"""The duration of a training that this host never did."""

from pathlib import Path

import pytest

from trainer.planning import duration, memory, plan
from trainer.planning.options import Options


@pytest.fixture
def planned(model_folder: Path, rows_file: Path, home: Path) -> plan.Plan:
    options = Options(base_model=str(model_folder), data_path=str(rows_file), style="alpaca-en")
    return plan.make(options, home)


def test_what_is_short_on_any_host_is_not_measured(
    planned: plan.Plan, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duration, "_measured", lambda plan, home: pytest.fail("measured"))

    assert planned.speed is None
    assert 0 < (duration.with_speed(planned, home).seconds or 0) < 60


def test_what_may_take_long_is_measured_once(
    planned: plan.Plan, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duration, "SHORT_SECONDS", 0.0)
    home.mkdir()
    first = duration.with_speed(planned, home)
    monkeypatch.setattr(duration, "_measured", lambda plan, home: pytest.fail("measured again"))

    assert first.speed
    assert duration.with_speed(planned, home).speed == pytest.approx(first.speed, abs=0.01)


def test_nothing_is_measured_where_two_layers_take_too_much_memory(
    planned: plan.Plan, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duration, "SHORT_SECONDS", 0.0)
    monkeypatch.setattr(memory, "available", lambda: 1000)

    assert duration.with_speed(planned, home).speed is None
