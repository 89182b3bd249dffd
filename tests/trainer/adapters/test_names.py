"""Adapter names are plain path components, and a taken one gets a number."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.adapters.names import folder_of, free_folder, is_adapter_name
from trainer.errors import AdapterRefused


def test_a_bare_name_lies_under_the_home_and_a_slash_makes_a_path(tmp_path: Path) -> None:
    assert folder_of("output", tmp_path) == tmp_path / "adapters" / "output"
    assert folder_of("./output", tmp_path) == Path("./output")
    for wrong in ("..", ".", "", "-a", "a b", "a" * 65, "ａ", "a\n", "a\0"):
        with pytest.raises(AdapterRefused, match="cannot name an adapter"):
            folder_of(wrong, tmp_path)


@given(st.text(max_size=80))
def test_a_valid_name_is_one_plain_path_component(name: str) -> None:
    if is_adapter_name(name):
        assert Path(name).name == name
        assert name not in (".", "..")
        assert name.isascii()


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    assert free_folder(tmp_path / "output") == tmp_path / "output"
    (tmp_path / "output").mkdir()
    (tmp_path / "output-2").symlink_to("nowhere")

    assert free_folder(tmp_path / "output") == tmp_path / "output-3"


def test_a_taken_name_of_full_length_stays_a_name(tmp_path: Path) -> None:
    for _ in range(12):
        free_folder(tmp_path / ("a" * 64)).mkdir()

    names = sorted(path.name for path in tmp_path.iterdir())
    assert all(map(is_adapter_name, names))
    assert names[0] == "a" * 61 + "-10"
