"""A model that thinks before it answers, for ever where nothing ends its thought; by default a
budget does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.workspace import System, shared_system
from tests.tasks.models.thinking_model import write_thinking
from trainer.base_model.source import Source

THOUGHT = "Wait, "
CONTEXT = 65_536
"""Tokens: the tiny model takes a minute or more to fill it."""


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """The model, in a folder with a name that people read in the footer."""
    return write_thinking(
        tmp_path_factory.mktemp("model") / "Tiny-thinker",
        thought=THOUGHT,
        answer="\nYES!",
        endless=True,
        context=CONTEXT,
    )


@pytest.fixture(scope="package")
def system(
    tmp_path_factory: pytest.TempPathFactory, shared_cache: Path, model: Source, engine_option: str
) -> Iterator[System]:
    """A running `swallow up` with that model."""
    settings = {
        "SWALLOW_MODEL": str(model.path),
        "SWALLOW_MAX_NEW_TOKENS": "40",
        "SWALLOW_THINKING": "300",
    }
    started = shared_system(tmp_path_factory, "thinking", engine_option, shared_cache, **settings)
    with started as system:
        yield system


@pytest.fixture(scope="package")
def concluding(
    tmp_path_factory: pytest.TempPathFactory, shared_cache: Path, engine_option: str
) -> Iterator[System]:
    """A running `swallow up` with a model whose thought ends by itself."""
    model = write_thinking(
        tmp_path_factory.mktemp("model") / "Tiny-thinker", thought=THOUGHT, answer="\nYES!"
    )
    settings = {"SWALLOW_MODEL": str(model.path)}
    started = shared_system(tmp_path_factory, "concluding", engine_option, shared_cache, **settings)
    with started as system:
        yield system
