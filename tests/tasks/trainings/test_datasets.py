"""Data for `/swallow-train` is a name under the home's datasets, never a path."""

import unicodedata
from pathlib import Path

import pytest

from tasks.errors import DatasetUnknown
from tasks.settings import Settings
from tasks.trainings.datasets import known, source_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "home" / "datasets"
    folder.mkdir(parents=True)
    (folder / "rules.jsonl").write_text("{}\n", encoding="utf-8")
    (folder / "faq").mkdir()
    (folder / "notes.txt").write_text("no rows", encoding="utf-8")
    (folder / "out.json").symlink_to("/etc/passwd")
    (folder / "away").symlink_to("/etc")
    for name, target in (
        ("leak", "/etc/passwd"),
        ("climb", "../../secret.json"),
        ("linked", "a.json"),
    ):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "b.json").symlink_to(target)
    return Settings(home=tmp_path / "home")


def test_names_are_the_usable_entries_without_their_ending(settings: Settings) -> None:
    assert known(settings) == ["faq", "feedback", "linked", "rules", "sample"]


def test_a_name_may_be_japanese_however_the_file_system_composes_it(settings: Settings) -> None:
    file = settings.home / "datasets" / unicodedata.normalize("NFD", "よくあるガイド.csv")
    file.write_text("", encoding="utf-8")

    assert "よくあるガイド" in known(settings)
    assert source_of("よくあるガイド", settings) == str(file)


@pytest.mark.parametrize(("name", "file"), [("rules", "rules.jsonl"), ("faq", "faq")])
def test_a_name_stands_for_its_file_or_folder(settings: Settings, name: str, file: str) -> None:
    assert source_of(name, settings) == str(settings.home / "datasets" / file)
    assert source_of(file, settings) == str(settings.home / "datasets" / file)


def test_no_name_is_the_configured_default(settings: Settings) -> None:
    assert source_of("", settings) == "sample"
    assert source_of("", settings.model_copy(update={"train_data": "org/rows"})) == "org/rows"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc",
        "/etc/passwd",
        "out",
        "out.json",
        "away",
        "leak",
        "climb",
        ".",
        "rules.csv",
        "RULES",
    ],
)
def test_anything_else_is_unknown_and_the_error_lists_what_there_is(
    settings: Settings, name: str
) -> None:
    with pytest.raises(DatasetUnknown) as caught:
        source_of(name, settings)

    assert caught.value.known == known(settings)
    assert str(caught.value) == (
        f"There is no dataset {name!r}; there are: faq, feedback, linked, rules, sample."
    )


def test_a_reserved_name_stands_for_itself_whatever_file_has_it(settings: Settings) -> None:
    (settings.home / "datasets" / "feedback.csv").write_text("", encoding="utf-8")

    assert source_of("feedback", settings) == "feedback"
