"""The running system that the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.system.workspace import ONE_THREAD, System, running_system
from tests.trainer import doubles


@pytest.fixture(scope="package")
def tiny(tmp_path_factory: pytest.TempPathFactory, engine_option: str) -> Iterator[System]:
    """A running system with a tiny model whose answers are noise, and one training thread.

    It saves a checkpoint every few seconds and collects feedback.
    """
    folder = tmp_path_factory.mktemp("tiny")
    model = doubles.write_model(folder / "tiny")
    datasets = folder / "home" / "datasets"
    datasets.mkdir(parents=True)
    doubles.write_rows(datasets / "rows.jsonl", 96)
    settings = ONE_THREAD | {
        "SWALLOW_MODEL": str(model),
        "SWALLOW_STYLE": "alpaca-en",
        "SWALLOW_CHECKPOINT_MINUTES": "0.03",
        "SWALLOW_MAX_NEW_TOKENS": "60",
        "SWALLOW_TEMPERATURE": "0",
        "SWALLOW_FEEDBACK": "on",
        "SWALLOW_LANGUAGE": "en",
    }
    with running_system(folder, engine_option, **settings) as system:
        yield system
