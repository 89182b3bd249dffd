"""Files and folders are whole or not there, and what the disk refuses is one sentence."""

import errno
import os
from pathlib import Path

import pytest

from trainer import files, training_folder
from trainer.errors import NotWritable, OptionInvalid, TrainingMissing


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    with files.whole_folder(tmp_path / "a" / "done") as folder:
        (folder / "one").write_text("1")
        assert not (tmp_path / "a" / "done").exists()

    assert (tmp_path / "a" / "done" / "one").read_text() == "1"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["done"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("[enforce fail at inline_container.cc] basic_ios::clear: iostream error"),
    ],
)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, error: Exception) -> None:
    def write() -> None:
        with files.whole_folder(tmp_path / "done") as folder:
            (folder / "half").write_text("1")
            raise error

    with pytest.raises(NotWritable, match=r"is full .* make room"):
        write()

    assert list(tmp_path.iterdir()) == []


def test_a_private_file_is_never_readable_by_others(tmp_path: Path) -> None:
    files.write_text(tmp_path / "secret", "one", mode=0o600)
    files.write_text(tmp_path / "secret", "two", mode=0o600, durable=False)

    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secret").read_text() == "two"


def test_a_file_that_cannot_be_written_keeps_its_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    files.write_json(tmp_path / "facts.json", {"a": 1})
    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(NotWritable, match="is full"):
        files.write_json(tmp_path / "facts.json", {"a": 2})

    assert (tmp_path / "facts.json").read_text() == '{\n  "a": 1\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["facts.json"]


def test_a_folder_that_cannot_be_made_is_refused_beforehand() -> None:
    with pytest.raises(NotWritable, match="cannot be written to"):
        files.check_writable(Path("/proc/nothing"))


def test_too_little_room_is_refused_with_both_numbers(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match=r"MB free and the training needs 1,000,000,000 MB"):
        files.check_writable(tmp_path, needed=10**15)


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
        training.fix({})
        os.utime(training.folder, (place, place))
    training_folder.Training(tmp_path / "trainings" / "done").note("written", {})

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
    training_folder.new(tmp_path, "t").fix({})

    with pytest.raises(OptionInvalid, match="--resume t"):
        training_folder.new(tmp_path, "t")


def test_a_training_whose_adapter_was_removed_is_over(tmp_path: Path) -> None:
    for name in ("over", "left"):
        training_folder.new(tmp_path, name).fix({})
    over = training_folder.Training(tmp_path / "trainings" / "over")
    over.note("finished", {"output": str(tmp_path / "removed")})
    over.note("written", {"output": str(tmp_path / "removed")})

    assert [training.id for training in training_folder.unfinished(tmp_path)] == ["left"]


def test_two_never_work_on_one_training(tmp_path: Path) -> None:
    training = training_folder.new(tmp_path, "t")
    seen = [training.in_work]

    with training.held():
        seen.append(training.in_work)
        with pytest.raises(TrainingMissing, match="Another process works on the training t"):
            training.held(patience=0.2).__enter__()
    seen.append(training.in_work)

    assert seen == [False, True, False]
