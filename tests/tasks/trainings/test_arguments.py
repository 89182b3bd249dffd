"""What was asked for in Slack reaches the trainer's command line, and nothing else does."""

import json
import time
from pathlib import Path

import pytest
from redis import Redis

from tasks.errors import NoFeedback
from tasks.feedback.store import Feedback
from tasks.settings import Settings
from tasks.trainings.arguments import arguments
from tests.tasks.feedback.rows import proposed


def test_options_become_flags_and_unknown_ones_are_dropped(tmp_path: Path, redis: Redis) -> None:
    settings = Settings(home=tmp_path, train_data="sample", checkpoint_minutes=5)

    given = arguments(
        {"num_epochs": 2, "lora_r": 16, "output": "faq", "threads": 9, "home": "/x"},
        settings,
        redis=redis,
        folder=tmp_path / "t",
    )

    assert {"--num-epochs=2", "--lora-r=16", "--output-dir=faq", "--data-path=sample"} <= {*given}
    assert [word for word in given if word.startswith("--home")] == [f"--home={tmp_path}"]
    assert "--threads=9" not in given


@pytest.mark.parametrize("by_default", [False, True])
def test_feedback_is_written_once_with_the_newest_answer_to_each_question(
    tmp_path: Path, redis: Redis, by_default: bool
) -> None:
    settings = Settings(home=tmp_path, train_data="feedback" if by_default else "sample")
    options = {} if by_default else {"data": "feedback"}
    folder = tmp_path / "trainings" / "t"
    feedback = Feedback(redis)
    for id, question in (("a", "Who?"), ("b", "Where?"), ("c", "who"), ("d", "When?")):
        feedback.propose(proposed(id, instruction=question, output=f"{id}."))
    feedback.approve(["c"], "UADMIN")
    time.sleep(0.002)  # times are in milliseconds
    feedback.approve(["a", "b"], "UADMIN")

    given = arguments(options, settings, redis=redis, folder=folder)

    file = folder / "feedback.jsonl"
    assert f"--data-path={file}" in given
    assert file.stat().st_mode & 0o077 == 0
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {row["id"]: row["output"] for row in rows} == {"a": "a.", "b": "b."}
    feedback.approve(["d"], "UADMIN")
    arguments(options, settings, redis=redis, folder=folder)
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(rows)


def test_without_an_approved_row_there_is_nothing_to_learn(tmp_path: Path, redis: Redis) -> None:
    Feedback(redis).propose(proposed("a"))

    with pytest.raises(NoFeedback, match="1 waits for an admin"):
        arguments({"data": "feedback"}, Settings(home=tmp_path), redis=redis, folder=tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_every_training_is_examined_and_never_learns_what_is_asked(
    tmp_path: Path, redis: Redis
) -> None:
    settings = Settings(home=tmp_path, train_data="sample")
    folder, team = tmp_path / "trainings" / "t", tmp_path / "datasets" / "exam.jsonl"
    team.parent.mkdir()
    team.write_text('{"instruction": "what is B", "output": "Ours."}\n', encoding="utf-8")
    feedback = Feedback(redis)
    for id in ("a", "b"):
        feedback.propose(proposed(id))
    feedback.propose(proposed("c", kind="liked"))
    feedback.approve(["a", "b", "c"], "UADMIN")

    given = arguments({"data": "feedback"}, settings, redis=redis, folder=folder)

    assert f"--exam-path={folder / 'exam.jsonl'}" in given
    asked, learned = (
        [json.loads(line)["instruction"] for line in (folder / name).read_text().splitlines()]
        for name in ("exam.jsonl", "feedback.jsonl")
    )
    assert asked == ["What is c?", "what is B"]
    assert learned == ["What is a?"]
