"""What is asked: corrections that were trained on, and rows that never are."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.forked import run
from tests.trainer.run.test_start import command
from trainer.data.questions import question_key
from trainer.errors import DataUnusable
from trainer.exam.paper import MOST_OTHERS, ExamRow, corrections_in, paper, read_exam


def write(file: Path, *rows: dict[str, Any]) -> str:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def line(question: str, answer: str, **more: str) -> dict[str, str]:
    return {"instruction": question, "input": "", "output": answer, **more}


def test_of_rows_that_ask_the_same_the_last_counts(tmp_path: Path) -> None:
    file = write(tmp_path / "e.jsonl", line("Why?", "a"), line("", "b"), line("why", "c", id="7"))

    assert read_exam(file) == [ExamRow("why", "", "c", id="7")]


def test_without_rows_there_is_no_exam(tmp_path: Path) -> None:
    assert read_exam(None) == []
    assert read_exam(write(tmp_path / "empty.jsonl")) == []
    with pytest.raises(DataUnusable):
        read_exam(str(tmp_path / "missing.jsonl"))


def test_corrections_are_the_rows_that_people_taught_but_for_the_exam(tmp_path: Path) -> None:
    rows = [
        line("a?", "1", kind="correction", rejected="0"),
        line("b?", "2", kind="liked"),
        line("c?", "3"),
        line("d?", "4", kind="typed"),
    ]

    found = corrections_in(write(tmp_path / "f.jsonl", *rows), {question_key("D")})

    assert found == [ExamRow("a?", "", "1", rejected="0", kind="correction")]


def test_of_very_many_rows_the_same_ones_are_asked_each_time() -> None:
    rows = [ExamRow(f"{number}?", "", "x") for number in range(2 * MOST_OTHERS)]

    asked = paper([], rows).others

    assert len(asked) == MOST_OTHERS
    assert paper([], list(reversed(rows))).others == list(reversed(asked))


def test_a_training_leaves_out_what_is_in_its_exam_and_is_examined_on_it(
    model_folder: Path, rows_file: Path, home: Path, tmp_path: Path
) -> None:
    taught = [
        json.loads(text) | {"kind": "correction", "id": f"c{number}"}
        for number, text in enumerate(rows_file.read_text(encoding="utf-8").splitlines()[:20])
    ]
    data = write(tmp_path / "taught.jsonl", *taught)
    same = {**taught[0], "instruction": taught[0]["instruction"].upper(), "id": "e1"}
    exam = write(tmp_path / "exam.jsonl", same, {**taught[1], "kind": "liked", "id": "e2"})

    events = run(command(model_folder, Path(data), home, "--exam-path", exam))

    plan, finished = events[0]["plan"], events[-1]
    assert plan["dropped_reasons"] == {"that are in the exam": 2}
    assert plan["exam_rows"] == 2
    about = json.loads((home / "adapters" / "output" / "swallow.json").read_text("utf-8"))
    assert about["exam"] == finished["exam"]
    assert about["exam"]["others"] == 2
    assert about["exam"]["corrections"] == plan["rows"]
    assert about["exam_rows"] == ["e1", "e2"]
    assert finished["summary"].startswith(finished["verdict"].capitalize())
    assert {side["id"] for side in about["exam"]["sides"]} >= {"e1", "e2"}
