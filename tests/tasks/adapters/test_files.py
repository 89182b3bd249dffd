"""Adapters are hashed once for each content on disk, and never taken for what they were before."""

import os
import shutil
from pathlib import Path

import pytest

from tasks.adapters.files import AdapterFiles
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.adapter_files import ABOUT, CONFIG, WEIGHTS
from trainer.errors import AdapterRefused


def test_an_unchanged_adapter_is_hashed_once(tmp_path: Path, hashed: list[str]) -> None:
    folder = write_adapter(tmp_path / "one")
    files = AdapterFiles()

    first = files.read(folder)
    assert hashed
    hashed.clear()

    assert files.read(folder) is first
    assert hashed == []


@pytest.mark.parametrize("name", [WEIGHTS, CONFIG, ABOUT])
def test_a_file_replaced_under_the_same_name_is_noticed(tmp_path: Path, name: str) -> None:
    folder, other = write_adapter(tmp_path / "one"), write_adapter(tmp_path / "two", seed=1)
    text = (other / CONFIG).read_text("utf-8").replace('"r": 2', '"r": 3')
    (other / CONFIG).write_text(text, "utf-8")
    (other / ABOUT).write_text('{"base_model": "tiny", "style": "alpaca-en"}', "utf-8")
    files = AdapterFiles()
    before = files.read(folder)
    status = (folder / name).stat()
    os.utime(other / name, ns=(status.st_atime_ns, status.st_mtime_ns))  # not even the date tells

    (other / name).replace(folder / name)

    assert files.read(folder) != before


def test_weights_overwritten_in_place_with_their_old_date_are_noticed(tmp_path: Path) -> None:
    folder, other = write_adapter(tmp_path / "one"), write_adapter(tmp_path / "two", seed=1)
    files = AdapterFiles()
    before = files.read(folder)
    status = (folder / WEIGHTS).stat()

    (folder / WEIGHTS).write_bytes((other / WEIGHTS).read_bytes())
    os.utime(folder / WEIGHTS, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert files.read(folder).digest != before.digest


def test_a_folder_that_became_a_link_or_vanished_is_refused(tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "one")
    files = AdapterFiles()
    files.read(folder)

    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    with pytest.raises(AdapterRefused):
        files.read(folder)

    folder.unlink()
    shutil.rmtree(tmp_path / "moved")
    with pytest.raises(AdapterRefused):
        files.read(folder)
