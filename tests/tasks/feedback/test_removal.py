"""Removed rows leave the broker, job records and files; adapters made with them are named."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.broker.jobs import Jobs
from tasks.feedback.removal import HomeSweep, remove, remove_person
from tasks.feedback.row_files import AdapterOfRows
from tasks.feedback.store import Feedback
from tests.tasks.adapter_files import write_adapter
from tests.tasks.feedback.rows import proposed
from trainer.errors import NotWritable

WORD = "himitsu-no-kotoba"
KEPT = '{"instruction":  "kept", "output": "as it is"}\n'


@pytest.fixture
def feedback(redis: Redis) -> Feedback:
    feedback = Feedback(redis)
    feedback.propose(proposed("a", output=WORD))
    feedback.propose(proposed("b", author="UBOB"))
    feedback.approve(["a", "b"], "UADMIN")
    return feedback


def write_rows(file: Path, *ids: str) -> Path:
    """A file with a row that has no id before those that have one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(proposed(id, output=WORD).line()) for id in ids]
    file.write_text(KEPT + "".join(f"{line}\n" for line in lines), "utf-8")
    return file


def test_it_leaves_every_file_that_carries_it(
    feedback: Feedback, jobs: Jobs, home: Path, tmp_path: Path
) -> None:
    places = ("trainings/t/feedback.jsonl", "trainings/t/exam.jsonl", "datasets/more/x.jsonl")
    changed = [write_rows(home / place, "a", "b") for place in places]
    other = write_rows(home / "datasets" / "other.jsonl", "b")
    result = home / "trainings" / "t" / "exam.json"
    result.write_text(json.dumps({"asked": [{"id": "a", "answer": WORD}, {"id": "b"}]}))
    broken = home / "trainings" / "t" / "broken.json"
    broken.write_text('{"id": "a"')
    for name, content in (("options.json", "{}"), ("written.json", "no json")):
        (home / "trainings" / "t" / name).write_text(content)  # a training that nobody can resume
    outside = write_rows(tmp_path / "outside.jsonl", "a")
    (home / "datasets" / "link.jsonl").symlink_to(outside)
    written = other.stat().st_mtime_ns

    done = remove(jobs, ["a"], home, "operator")

    assert done.ids == ("a",)
    assert set(done.files) == {*changed, result}
    for file in changed:
        content = file.read_text("utf-8")
        assert content.startswith(KEPT)
        assert [json.loads(line).get("id") for line in content.splitlines()] == [None, "b"]
    assert json.loads(result.read_text()) == {"asked": [{"id": "b"}]}
    assert other.stat().st_mtime_ns == written
    assert WORD in outside.read_text()
    assert feedback.get("a") is None
    assert [row.id for row in feedback.training_rows()] == ["b"]


def test_it_leaves_the_records_of_jobs(feedback: Feedback, jobs: Jobs, home: Path) -> None:
    answers = [{"id": "a", "answer": WORD}, {"id": "b", "answer": "kept"}]
    jobs.create("asks", "answer", destination={}, asked={"text": WORD, "row": "a"})
    jobs.create("train", "train", destination={}, asked={"text": "", "rows": ["a", "b"]})
    jobs.enqueue("train", {"exam": answers})
    attempt = jobs.claim("train", "worker")
    assert attempt
    jobs.record_progress("train", attempt, {"exam": answers})
    jobs.finish("train", attempt, "finished", {"verdict": "better", "exam": answers})
    before = jobs.events("train")

    remove(jobs, ["a"], home, "operator")

    job = jobs.get("train")
    assert job
    assert job.request == {"exam": answers[1:]}
    assert job.progress == {"exam": answers[1:]}
    end = jobs.events("train")[-1]
    assert end.type == "finished"
    assert end.data == {"verdict": "better", "exam": answers[1:]}
    assert end.id > before[-1].id
    assert len(jobs.events("train")) == len(before)
    asks = jobs.get("asks")
    assert asks is None or (asks.state, asks.asked["text"]) == ("cancelled", "")


def test_a_record_that_changed_meanwhile_is_not_overwritten(jobs: Jobs) -> None:
    jobs.create("a", "train", destination={}, asked={"text": "new"})

    assert not jobs.replace_texts("a", {"asked": ('{"text":"old"}', "{}")}, {})
    assert not jobs.replace_texts("a", {"asked": ('{"text":"new"}', "{}")}, {"1-1": {}})

    job = jobs.get("a")
    assert job
    assert job.asked == {"text": "new"}


def test_adapters_that_learned_from_it_or_were_examined_on_it_are_named(
    feedback: Feedback, jobs: Jobs, home: Path
) -> None:
    for name, about in {
        "learned": {"rows": ["a", "b"], "exam_rows": ["c"]},
        "examined": {"rows": ["b"], "exam_rows": ["a"]},
        "other": {"rows": ["b"], "data": {"rows": 5}},
        "older": {"rows": 5},
    }.items():
        folder = write_adapter(home / "adapters" / name)
        (folder / "swallow.json").write_text(json.dumps(about))
    (home / "adapters" / "no-adapter").mkdir()

    done = remove(jobs, ["a"], home, "operator")

    assert done.adapters == (
        AdapterOfRows("examined", (), ("a",)),
        AdapterOfRows("learned", ("a",), ()),
    )


def test_a_second_time_it_finds_what_the_first_could_not_reach(
    feedback: Feedback, jobs: Jobs, home: Path
) -> None:
    feedback.remove(["a"])
    file = write_rows(home / "datasets" / "x.jsonl", "a")

    done = remove(jobs, ["a"], home, "operator")
    assert (done.ids, done.files) == ((), (file,))
    assert remove(jobs, ["a"], home, "operator").files == ()


def test_a_file_that_cannot_be_replaced_is_said(feedback: Feedback, jobs: Jobs, home: Path) -> None:
    file = write_rows(home / "datasets" / "x.jsonl", "a")
    in_the_way = file.with_name(f".{file.name}.{os.getpid()}")
    in_the_way.mkdir()
    with pytest.raises(NotWritable):
        remove(jobs, ["a"], home, "operator")
    in_the_way.rmdir()

    assert remove(jobs, ["a"], home, "operator").files == (file,)


def test_rows_of_a_person_leave_the_files_too(feedback: Feedback, jobs: Jobs, home: Path) -> None:
    file = write_rows(home / "trainings" / "t" / "feedback.jsonl", "a", "b")

    assert remove_person(jobs, "UALICE", home, "operator").ids == ("a",)

    assert [json.loads(line).get("id") for line in file.read_text().splitlines()] == [None, "b"]
    assert remove_person(jobs, "UALICE", home, "operator").files == ()


def test_another_host_removes_it_from_its_files_too(
    feedback: Feedback, jobs: Jobs, home: Path, redis: Redis, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    sweep = HomeSweep(redis, there)
    write_rows(there / "trainings" / "t" / "feedback.jsonl", "a", "b")
    sweep.sweep()
    remove(jobs, ["a"], home, "operator")
    sweep.sweep()
    late = write_rows(there / "trainings" / "u" / "feedback.jsonl", "a", "b")
    sweep.sweep()

    for file in (there / "trainings" / "t" / "feedback.jsonl", late):
        rows: list[Any] = [json.loads(line) for line in file.read_text().splitlines()]
        assert [row.get("id") for row in rows] == [None, "b"]


def test_what_was_removed_goes_although_a_row_with_its_id_is_proposed_again_which_is_kept(
    feedback: Feedback, jobs: Jobs, home: Path, redis: Redis
) -> None:
    old = write_rows(home / "trainings" / "t" / "feedback.jsonl", "a")
    feedback.remove(["a"])  # as on another host
    feedback.propose(proposed("a"))
    HomeSweep(redis, home).sweep()
    feedback.approve(["a"], "UADMIN")
    file = write_rows(home / "trainings" / "u" / "feedback.jsonl", "a")

    HomeSweep(redis, home).sweep()

    assert WORD not in old.read_text()
    assert '"id": "a"' in file.read_text()
