"""Answers that take some seconds: something happens to them before they end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.workspace import System, shared_system


@pytest.fixture(scope="package")
def system(
    tmp_path_factory: pytest.TempPathFactory, model_cache: Path, engine_option: str
) -> Iterator[System]:
    """A running `swallow up` with the small model, whose messages are edited often."""
    settings = {"SWALLOW_MAX_NEW_TOKENS": "150", "SWALLOW_EDIT_SECONDS": "0.3"}
    started = shared_system(tmp_path_factory, "long", engine_option, model_cache, **settings)
    with started as system:
        yield system
