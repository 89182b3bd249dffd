"""A training's folder: its checkpoints, which training a resume takes, one process at a time."""

import os
from pathlib import Path

import pytest

from trainer import training_folder
from trainer.errors import OptionInvalid, TrainingBusy, TrainingMissing


def test_the_last_two_checkpoints_are_kept_and_half_written_ones_removed(tmp_path: Path) -> None:
    training = training_folder.Training(tmp_path)
    for step, packs in ((2, 0), (10, 3), (10, 0), (9, 1)):
        training.checkpoint_path(step, packs).mkdir()
    (tmp_path / ".checkpoint-000011-0000.77").mkdir()
    (tmp_path / "options.json").write_text("{}")

    training.prune()

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["checkpoint-000010-0000", "checkpoint-000010-0003", "options.json"]


def test_resume_takes_the_last_unfinished_training(tmp_path: Path) -> None:
    for place, name in enumerate(("old", "new", "done")):
        training = training_folder.new(tmp_path, name)
        training.write_settings({})
        os.utime(training.folder, (place, place))
    training_folder.Training(tmp_path / "trainings" / "done").write_result("written", {})

    assert training_folder.find(tmp_path, None).id == "new"
    with pytest.raises(TrainingMissing, match="There is no training 'other'"):
        training_folder.find(tmp_path, "other")


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden"])
def test_an_id_that_is_no_plain_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises((OptionInvalid, TrainingMissing)):
        training_folder.new(tmp_path, name or "/")
    with pytest.raises(TrainingMissing):
        training_folder.find(tmp_path, name or None)


def test_a_taken_id_is_refused(tmp_path: Path) -> None:
    training_folder.new(tmp_path, "t").write_settings({})

    with pytest.raises(OptionInvalid, match="--resume t"):
        training_folder.new(tmp_path, "t")


def test_a_training_whose_adapter_was_removed_is_over(tmp_path: Path) -> None:
    for name in ("over", "left"):
        training_folder.new(tmp_path, name).write_settings({})
    over = training_folder.Training(tmp_path / "trainings" / "over")
    over.write_result("finished", {"output": str(tmp_path / "removed")})
    over.write_result("written", {"output": str(tmp_path / "removed")})

    assert [training.id for training in training_folder.unfinished(tmp_path)] == ["left"]


def test_two_never_work_on_one_training(tmp_path: Path) -> None:
    training = training_folder.new(tmp_path, "t")
    seen = [training.is_busy]

    with training.locked():
        seen.append(training.is_busy)
        with pytest.raises(TrainingBusy, match="Another process works on the training t"):
            training.locked(patience=0.2).__enter__()
    seen.append(training.is_busy)

    assert seen == [False, True, False]
