"""A system whose answers and context are short: a text longer than the context takes no minute."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.workspace import System, shared_system
from trainer.base_model.source import SMALL_MODEL, Source, local_folder


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, small_model: Source) -> Path:
    """The small model with a context of 2,048 tokens, a quarter of its own."""
    folder = tmp_path_factory.mktemp("short") / SMALL_MODEL
    folder.mkdir()
    for file in local_folder(small_model, cache=model_cache).iterdir():
        (folder / file.name).symlink_to(file)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").unlink()
    config["max_position_embeddings"] = 2048
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


@pytest.fixture(scope="package")
def system(
    tmp_path_factory: pytest.TempPathFactory, model_cache: Path, model: Path, engine_option: str
) -> Iterator[System]:
    """A running `swallow up` with that model."""
    settings = {"SWALLOW_MODEL": str(model), "SWALLOW_MAX_NEW_TOKENS": "100"}
    started = shared_system(tmp_path_factory, "answers", engine_option, model_cache, **settings)
    with started as system:
        yield system
