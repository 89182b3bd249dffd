"""Exports write where nothing is, and nowhere else."""

import os
from pathlib import Path

import pytest

from tasks.exchange.targets import whole_file
from trainer.errors import NotWritable


def test_a_link_that_somebody_laid_in_the_way_is_not_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    place = tmp_path / "adapter.gguf"
    (tmp_path / f".adapter.gguf.{os.getpid()}").symlink_to(precious)

    with whole_file(place) as temporary:
        temporary.write_text("weights")

    assert (precious.read_text(), place.read_text()) == ("kept", "weights")


def test_what_has_appeared_meanwhile_is_kept_and_nothing_is_left_behind(tmp_path: Path) -> None:
    place = tmp_path / "adapter.gguf"

    def write_too_late() -> None:
        with whole_file(place) as temporary:
            temporary.write_text("weights")
            place.write_text("another's")

    with pytest.raises(NotWritable):
        write_too_late()

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [
        ("adapter.gguf", "another's")
    ]
