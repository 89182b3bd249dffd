from pathlib import Path

import pytest

from tests.trainer import doubles


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doubles.write_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    return doubles.write_rows(tmp_path / "rows.jsonl", 48)
