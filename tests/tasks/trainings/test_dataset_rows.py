"""The data sets that a form offers, and how many rows each has."""

import json
import os
from pathlib import Path

import pytest
from redis import Redis

from tasks.settings import Settings
from tasks.trainings import dataset_rows
from tasks.trainings.dataset_rows import listed
from trainer.data.dataset import read


def rows(count: int) -> str:
    made = [{"instruction": f"question {i}", "output": "answer"} for i in range(count)]
    return "\n".join(json.dumps(row) for row in made)


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "datasets"
    (folder / "many").mkdir(parents=True)
    for name in ("a", "b"):
        (folder / "many" / f"{name}.jsonl").write_text(rows(3), encoding="utf-8")
    (folder / "faq.jsonl").write_text(rows(2) + "\n" + rows(1), encoding="utf-8")
    (folder / "broken.json").write_text("{", encoding="utf-8")
    os.mkfifo(folder / "endless.jsonl")
    return folder


def found(settings: Settings, redis: Redis, *, own_home: bool = True) -> dict[str, int | None]:
    return {one.title: one.rows for one in listed(settings, redis, 60, own_home=own_home)}


def test_rows_are_counted_as_a_training_reads_them(datasets: Path, redis: Redis) -> None:
    settings = Settings(home=datasets.parent, feedback="on")
    sample = len(read("sample").rows)
    counted = {"sample": sample, "broken": None, "endless": None}
    counted |= {"faq": 2, "feedback": 0, "many": 3}
    assert found(settings, redis) == counted
    assert next(iter(found(settings, redis))) == "sample"  # the default data
    assert "feedback" not in found(Settings(home=datasets.parent), redis)

    (datasets / "faq.jsonl").write_text(rows(5), encoding="utf-8")
    assert found(settings, redis)["faq"] == 5


@pytest.mark.parametrize("limit", ["MOST_BYTES", "seconds"])
def test_what_would_take_long_is_listed_without_a_number(
    limit: str, datasets: Path, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_rows, "MOST_BYTES", 10 if limit == "MOST_BYTES" else 1000)
    seconds = -1 if limit == "seconds" else 60
    names = listed(Settings(home=datasets.parent), redis, seconds, own_home=True)
    assert {one.rows for one in names} == {None}


def test_the_default_data_has_no_name_where_it_is_no_data_set(datasets: Path, redis: Redis) -> None:
    for source, title in (("team/faq", "team/faq"), (str(datasets / "many"), "many")):
        first = listed(Settings(home=datasets.parent, train_data=source), redis, 60, own_home=True)
        assert first[0].title == title
    elsewhere = listed(Settings(home=datasets.parent), redis, 60, own_home=False)
    assert [(one.name, one.title) for one in elsewhere] == [("", ""), ("sample", "sample")]
