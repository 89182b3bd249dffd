"""Exam rows are those approved for it and the team's file; what they ask is never trained on."""

import json
from pathlib import Path

import pytest
from redis import Redis

from tasks.feedback.exam import exam_file, exam_lines, never_examined
from tasks.feedback.store import Feedback
from tests.tasks.feedback.rows import proposed
from trainer.errors import DataUnusable


def write_team(home: Path, *rows: dict[str, str]) -> Path:
    file = home / "datasets" / "exam.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_liked_answers_and_the_teams_file_are_the_exam(redis: Redis, home: Path) -> None:
    feedback = Feedback(redis)
    feedback.propose(proposed("liked", kind="liked", instruction="Liked?"))
    feedback.propose(proposed("learned", instruction="Learned?"))
    feedback.propose(proposed("open", kind="liked", instruction="Open?"))
    feedback.approve(["liked", "learned"], "UADMIN")
    write_team(
        home,
        {"instruction": "liked", "output": "the approved one counts"},
        {"instruction": "Ours?", "output": "yes"},
    )

    lines = exam_lines(redis, home)

    assert [line["instruction"] for line in lines] == ["Liked?", "Ours?"]
    assert lines[0]["id"] == "liked"
    assert [line["instruction"] for line in exam_lines(None, home)] == ["liked", "Ours?"]


def test_a_row_is_kept_out_of_trainings_by_its_question(redis: Redis, home: Path) -> None:
    write_team(home, {"instruction": "what is OUR motto", "output": "Fly low"})
    rows = [proposed("a", instruction="What is our motto?"), proposed("b", instruction="Why?")]

    assert [row.id for row in never_examined(rows, exam_lines(redis, home))] == ["b"]


def test_a_training_keeps_the_exam_it_began_with(redis: Redis, home: Path) -> None:
    folder = home / "trainings" / "t"
    assert exam_file(redis, home, folder) is None
    assert not folder.exists()
    write_team(home, {"instruction": "Ours?", "output": "yes"})
    file = exam_file(redis, home, folder)
    assert file is not None
    assert file.stat().st_mode & 0o077 == 0
    write_team(home, {"instruction": "Another?", "output": "no"})

    again = exam_file(redis, home, folder)

    assert again == file
    assert json.loads(file.read_text("utf-8"))["instruction"] == "Ours?"


def test_a_team_file_that_is_no_rows_is_told_and_a_link_is_not_followed(
    redis: Redis, home: Path, tmp_path: Path
) -> None:
    file = write_team(home)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(DataUnusable, match=r"exam\.jsonl"):
        exam_lines(redis, home)
    file.unlink()
    (tmp_path / "elsewhere.jsonl").write_text('{"instruction": "a", "output": "b"}')
    file.symlink_to(tmp_path / "elsewhere.jsonl")

    assert exam_lines(redis, home) == []
