"""`swallow feedback`: rows are typed, imported, approved, exported and removed at the terminal."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from tasks.audit import Audit, operator
from tasks.cli import swallow
from tasks.doctor import feedback_rows
from tasks.errors import FeedbackRefused, NoSuchRow, RowTaken
from tasks.feedback.store import Feedback
from tasks.settings import Settings, settings
from tests.tasks.adapter_files import write_adapter
from tests.tasks.feedback.rows import proposed
from trainer.errors import DataUnusable, NotWritable


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, valkey: str, redis: Redis) -> Iterator[Feedback]:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    settings.cache_clear()
    yield Feedback(redis)
    settings.cache_clear()


def run(*arguments: str) -> Result:
    """Run the command in this process."""
    result = CliRunner().invoke(swallow, ["feedback", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def read(*arguments: str) -> Any:
    """Run the command; returns what it prints as JSON."""
    return json.loads(run(*arguments, "--json").stdout)


def test_a_typed_row_is_shown_approved_and_removed(store: Feedback, tmp_path: Path) -> None:
    (tmp_path / "answer.txt").write_text("空は青い。\n", "utf-8")
    id = read("add", "--instruction", "空は？", "--output", "answer.txt", "--rejected", "赤い")[
        "row"
    ]

    [row] = read("list", "--state", "proposed")
    assert (row["output"], row["author"], row["kind"]) == ("空は青い。", operator(), "typed")
    assert "rejected:" in run("show", id).stdout
    assert read("approve", id) == {"approved": [id], "training": 1, "exam": 0}
    repeated = run("approve", id).stdout
    assert repeated.startswith("Approved 0 of 1 rows")
    assert f"Not proposed: {id};" in repeated
    assert read("show", id)["approver"] == operator()
    with pytest.raises(RowTaken, match="remove it first"):
        run("add", "--instruction", "空は", "--output", "黒い")

    assert "空は？" in run("list", "--use", "training").stdout
    assert run("remove", id, "--yes").stdout.startswith("Removed 1 of 1 rows")
    assert run("list").stdout == "No rows of feedback.\n"
    with pytest.raises(NoSuchRow):
        run("show", id)
    lines = Audit(settings().home).file.read_text("utf-8").splitlines()
    done = [(line["action"], line["outcome"]) for line in map(json.loads, lines)]
    assert done == [
        ("feedback approve", "done"),
        ("feedback approve", "failed"),
        ("feedback remove", "done"),
    ]


def test_typed_again_it_is_replaced_until_it_is_approved(store: Feedback) -> None:
    for answer in ("one", "two"):
        run("add", "--instruction", "How many?", "--output", answer)

    [row] = store.rows()
    assert row.output == "two"
    with pytest.raises(FeedbackRefused, match="output is empty"):
        run("add", "--instruction", "How many?", "--output", " ")
    assert len(store.rows()) == 1


def test_all_that_is_proposed_is_approved_for_the_exam(store: Feedback) -> None:
    store.propose(proposed("a"))
    store.propose(proposed("b"))

    assert read("approve", "--all", "--exam")["exam"] == 2
    assert run("approve").exit_code == run("approve", "a", "--all").exit_code == 2


def test_what_was_exported_can_be_imported_with_its_authors(
    store: Feedback, tmp_path: Path
) -> None:
    id = "0123456789abcdef"
    store.propose(proposed(id, rejected="No.", others=("UBOB",), kind="taught"))
    store.propose(proposed("b", kind="liked"))
    store.approve(["b"], "UADMIN")
    assert run("export", "rows.jsonl").stdout == "Wrote 2 rows to rows.jsonl.\n"
    assert run("export", "rows.jsonl").exit_code == 2
    assert run("export", "-", "--use", "exam").stdout.count("\n") == 1
    store.redis.flushall()

    done = read("import", "rows.jsonl")

    rows = {row.kind: row for row in store.rows()}
    assert set(done["proposed"]) == {row.id for row in rows.values()}
    assert rows["taught"] == proposed(
        id, rejected="No.", others=("UBOB",), kind="taught", created=rows["taught"].created
    )
    assert (rows["liked"].state, rows["liked"].author) == ("proposed", "UALICE")
    assert read("import", "rows.jsonl")["proposed"] == done["proposed"]
    assert len(store.rows()) == 2


def test_what_cannot_be_used_of_a_file_is_counted(store: Feedback, tmp_path: Path) -> None:
    rows = [
        {"instruction": "a", "output": "b"},
        {"instruction": "a", "output": "b", "author": "../etc", "id": "../etc", "kind": "x"},
        {"instruction": "a", "output": ""},
        {"instruction": "a", "output": "x" * 40_000},
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant") * 2]
    (tmp_path / "turns.jsonl").write_text(json.dumps({"messages": turns}))
    (tmp_path / "other.csv").write_text("question,answer\n1,2\n")

    done = read("import", "rows.json")
    assert len(done["proposed"]) == 1
    assert done["dropped"] == {
        "repeated": 1,
        "without a question or an answer": 1,
        "too long": 1,
    }
    [row] = store.rows()
    assert (row.author, row.kind) == (operator(), "imported")
    assert read("import", "turns.jsonl")["dropped"] == {"a conversation of several turns": 1}
    with pytest.raises(DataUnusable, match="has the keys"):
        run("import", "other.csv")


def test_adapters_that_stay_are_named(store: Feedback) -> None:
    write_adapter(settings().home / "adapters" / "taught", rows=["a"], exam_rows=[])
    store.propose(proposed("a"))

    printed = run("remove", "a", "--yes").stdout

    assert "The adapter taught learned from 1 of them and stays" in printed


def test_nothing_is_removed_unless_it_is_confirmed(store: Feedback) -> None:
    store.propose(proposed("a"))

    assert run("remove", "a").exit_code == 1
    assert store.get("a")


def test_doctor_speaks_of_slacks_terms_only_where_feedback_is_collected() -> None:
    assert feedback_rows(Settings()) == []
    [row] = feedback_rows(Settings(feedback="on"))
    assert "Slack's API terms" in row["detail"]
    assert row["ok"]


def test_an_export_to_where_nothing_can_be_written_is_said(store: Feedback, tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="nowhere"):
        run("export", str(tmp_path / "nowhere" / "all.jsonl"))
