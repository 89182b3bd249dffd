"""Whoever is the first to use a home makes it, and its folders, its owner's alone."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.workspace.state.database import Database
from tasks.audit import Audit
from tasks.broker.embedded import embedded
from trainer import training_folder
from trainer.files import check_writable, whole_folder

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """The one most systems have: new files and folders can be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def add_adapter(home: Path) -> None:
    with whole_folder(home / "adapters" / "one") as folder:
        (folder / "swallow.json").write_text("{}", "utf-8")


FIRST_USES: dict[str, Callable[[Path], object]] = {
    "a line of the audit log": lambda home: Audit(home).check(),
    "the local workspace": lambda home: Database(home / "workspace.sqlite").close(),
    "the embedded broker": embedded,
    "a training": lambda home: training_folder.new(home, None),
    "the check of a training's disk": lambda home: check_writable(home / "adapters"),
    "an adapter": add_adapter,
}


@pytest.mark.parametrize("first_use", FIRST_USES)
def test_the_first_use_makes_the_home_private(tmp_path: Path, first_use: str) -> None:
    home = tmp_path / "not" / "yet"

    FIRST_USES[first_use](home)

    for folder in (home, home.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("first_use", FIRST_USES)
def test_what_people_wrote_is_private_in_a_home_that_is_not(tmp_path: Path, first_use: str) -> None:
    home = tmp_path / "shared"
    home.mkdir(mode=0o755)

    FIRST_USES[first_use](home)

    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    for made in home.iterdir():
        assert stat.S_IMODE(made.stat().st_mode) & 0o077 == 0, made


def test_folders_and_their_parents_are_made_in_one_place() -> None:
    makers = {
        str(file.relative_to(ROOT))
        for package in ("bot", "tasks", "trainer")
        for file in (ROOT / package).rglob("*.py")
        if re.search(r"parents=True|makedirs", re.sub(r"#.*", "", file.read_text("utf-8")))
    }

    assert makers == set()
