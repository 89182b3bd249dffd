"""A system whose answers are short: nothing happens to them on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.workspace import System, running_system


@pytest.fixture(scope="session")
def system(
    tmp_path_factory: pytest.TempPathFactory, model_cache: Path, engine_option: str
) -> Iterator[System]:
    """A running `swallow up` with the small model."""
    folder, tokens = tmp_path_factory.mktemp("answers"), {"SWALLOW_MAX_NEW_TOKENS": "100"}
    with running_system(folder, engine_option, model_cache, **tokens) as system:
        yield system
