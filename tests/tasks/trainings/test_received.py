"""A data set that somebody sends is checked, and kept beside those that are there."""

import json
import stat
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tasks.settings import Settings
from tasks.trainings.datasets import source_of
from tasks.trainings.received import Received, keep
from trainer.data.dataset import read
from trainer.errors import DataUnusable, NotWritable

CSV = b"instruction,context,response\nWho?,wiki,Kimura\nWho?,wiki,Kimura\n,,nothing\nWhy?,,\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def lines(settings: Settings, name: str) -> list[Any]:
    text = (settings.home / "datasets" / f"{name}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_usable_rows_are_kept_and_the_others_counted(settings: Settings) -> None:
    received = keep(CSV, "Rows.CSV", "wiki", settings)

    assert received == Received(
        name="wiki",
        rows=1,
        read=4,
        characters=14,
        longest=14,
        dropped={"repeated": 1, "without an instruction": 1, "without an answer": 1},
    )
    assert lines(settings, "wiki") == [{"instruction": "Who?", "input": "wiki", "output": "Kimura"}]
    assert read(source_of("wiki", settings)).dropped == {}
    file = settings.home / "datasets" / "wiki.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_conversations_are_kept_with_all_their_turns(settings: Settings) -> None:
    turns = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    messages = [{"role": role, "content": text} for role, text in turns]
    rows = [{"messages": messages}, {"messages": messages[:2]}]

    keep(json.dumps(rows).encode(), "rows.json", "talk", settings)

    assert lines(settings, "talk") == rows
    assert len(read(source_of("talk", settings)).rows) == 2


def test_nothing_that_is_there_is_replaced(settings: Settings) -> None:
    folder = settings.home / "datasets"
    folder.mkdir(parents=True)
    (folder / "wiki.csv").write_bytes(CSV)
    (folder / "wiki-2.jsonl").symlink_to("/nowhere")

    assert keep(CSV, "x.csv", "wiki", settings).name == "wiki-3"
    assert keep(CSV, "x.csv", "wiki", settings).name == "wiki-4"
    decomposed = unicodedata.normalize("NFD", "ガイド")
    assert keep(CSV, "x.csv", decomposed, settings).name == "ガイド"
    assert keep(CSV, "x.csv", "ガイド", settings).name == "ガイド-2"


def test_what_cannot_be_used_leaves_nothing(settings: Settings) -> None:
    for content in (b"", b"\xff\xfe", b"instruction,output\n,\n", b"a,b\n1,2\n"):
        with pytest.raises(DataUnusable, match="wiki"):
            keep(content, "x.csv", "wiki", settings)

    assert list((settings.home / "datasets").iterdir()) == []


def test_a_home_that_cannot_be_written_to_is_said(settings: Settings) -> None:
    settings.home.write_text("a file")

    with pytest.raises(NotWritable):
        keep(CSV, "x.csv", "wiki", settings)
