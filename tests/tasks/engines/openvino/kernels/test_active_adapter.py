"""The adapter that our kernels apply: what fits becomes active, what does not changes nothing."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from tasks.engines.openvino.kernels import build
from tasks.engines.openvino.kernels.active_adapter import ActiveAdapter
from tests.tasks.engines.openvino.built_kernels import built
from trainer.adapters.adapter import PROJECTIONS


def test_the_kernels_number_the_linear_layers_as_the_adapters_list_them() -> None:
    text = (build.SOURCE / "adapter.hpp").read_text("utf-8")
    (names,) = re.findall(r"enum Linear {(.*)}", text)

    assert [f"{name.strip().lower()}_proj" for name in names.split(",")] == list(PROJECTIONS)


@pytest.fixture
def adapter(shared_cache: Path) -> ActiveAdapter:
    """The active adapter of a model in which one matrix [64, 128] may be adapted."""
    return ActiveAdapter(built(shared_cache), {"model.layers.0.mlp.up_proj": [64, 128]})


class Recorder:
    """Stands for a library, and records the calls of its functions."""

    def __init__(self, calls: list[str]) -> None:
        self.swallow_clear_adapter = lambda: calls.append("clear")
        self.swallow_add_low_rank = lambda *arguments: calls.append("add")


def halves(a: torch.Tensor, b: torch.Tensor, layer: int = 0) -> bytes:
    """Return an adapter's file with A [rank, 128] and B [64, rank] of one layer."""
    name = f"model.layers.{layer}.mlp.up_proj"
    return save({f"{name}.lora_A.weight": a, f"{name}.lora_B.weight": b})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_an_adapter_may_be_of_any_float_type(adapter: ActiveAdapter, dtype: torch.dtype) -> None:
    adapter.use(halves(torch.ones(2, 128, dtype=dtype), torch.ones(64, 2, dtype=dtype)), "", 1.0)
    adapter.clear()


def test_a_refused_adapter_leaves_what_was_active(shared_cache: Path) -> None:
    """The base answers as before, and so does an adapter that was active."""
    active = ActiveAdapter(built(shared_cache), {"model.layers.8.mlp.up_proj": [64, 128]})
    calls: list[str] = []
    active._library = Recorder(calls)  # type: ignore[assignment]
    good = halves(torch.ones(2, 128), torch.ones(64, 2), layer=8)
    active.use(good, "", 1.0)
    assert calls == ["clear", "add"]
    with pytest.raises(ValueError, match="another shape"):
        active.use(halves(torch.ones(2, 128), torch.ones(63, 2), layer=8), "", 1.0)
    assert calls == ["clear", "add"]


@pytest.mark.parametrize(
    ("weights", "what"),
    [
        (halves(torch.ones(2, 128), torch.ones(63, 2)), "another shape"),
        (halves(torch.ones(2, 127), torch.ones(64, 2)), "another shape"),
        (halves(torch.ones(2, 128), torch.ones(64, 3)), "another shape"),
        (halves(torch.ones(2, 128).int(), torch.ones(64, 2)), "type I32"),
        (save({"model.layers.0.mlp.up_proj.lora_A.weight": torch.ones(2, 128)}), "one half"),
    ],
)
def test_what_does_not_fit_is_refused(adapter: ActiveAdapter, weights: bytes, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        adapter.use(weights, "", 1.0)
