"""A tiny model and an adapter of all its layers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.engines.openvino.adapters import write_random_adapter
from tests.tasks.models.tiny_models import write_tiny
from trainer.adapters.adapter import PROJECTIONS, Adapter, read
from trainer.base_model.load import linear_shapes
from trainer.base_model.source import Source, find


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[[str], Source]:
    """Write a tiny model called `tiny`."""
    return lambda kind: find(str(write_tiny(tmp_path / "models" / "tiny", kind, seed=3)))


@pytest.fixture
def adapter_of(tmp_path: Path) -> Callable[[Source], Adapter]:
    """Write an adapter of a model's layers, of rank 4 and scale 2."""

    def write(source: Source) -> Adapter:
        linears = {
            name: list(shape)
            for name, shape in linear_shapes(source).items()
            if name.rpartition(".")[2] in PROJECTIONS
        }
        return read(write_random_adapter(tmp_path / "learned", linears, 1, base=source.name))

    return write
