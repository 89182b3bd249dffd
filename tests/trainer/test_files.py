"""Files and folders are whole or not there, and what the disk refuses is one sentence."""

import errno
import os
from pathlib import Path

import pytest

from trainer import files
from trainer.errors import NotWritable


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
    with pytest.raises(NotWritable, match=r"MB free and 1,000,000,000 MB are needed"):
        files.check_writable(tmp_path, needed=10**15)


def test_the_home_of_an_account_that_does_not_exist_is_a_path_like_any_other() -> None:
    assert files.expanded("~/x") == Path.home() / "x"
    assert files.expanded("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
