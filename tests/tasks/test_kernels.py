"""Our kernels' library: built once, checked, and done without where it cannot be."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from tasks.engines import choose
from tasks.engines.openvino import OpenVinoEngine
from tasks.errors import KernelsMissing
from tasks.kernels import build
from tasks.kernels.active import LINEARS, ActiveAdapter
from tasks.settings import Settings
from tests.tasks.kernels import built
from tests.tasks.models import write_tiny
from trainer.models import find


def test_the_library_is_built_once(
    tmp_path: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(model_cache)
    first = build.library(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [first.name]

    monkeypatch.setenv("CXX", "no-such-compiler")
    assert build.library(tmp_path) == first
    assert build.why_not(tmp_path) is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("-7 * _mm512_reduce_add_epi32", "-8 * _mm512_reduce_add_epi32"),
        ("low->add_block(0, ", "low->add_block(block, "),
        ("5.0000001201e-2f", "5.0000001201e-1f"),  # the exponential's polynomial
    ],
)
def test_a_library_that_computes_wrongly_is_not_used(
    tmp_path: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, right: str
) -> None:
    built(model_cache)
    for name in build.SOURCES:
        text = (build.HERE / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace(right, wrong), "utf-8")
    monkeypatch.setattr(build, "HERE", tmp_path)
    cache = tmp_path / "cache"

    with pytest.raises(KernelsMissing, match=r"compute wrongly here \(output \d of 1 tokens"):
        build.library(cache)
    assert not list(cache.iterdir())


def test_sources_that_do_not_compile_are_said(
    tmp_path: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(model_cache)
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-no-such-flag"))

    with pytest.raises(KernelsMissing, match="do not compile here"):
        build.library(tmp_path)


def test_without_a_compiler_openvino_computes_and_the_doctor_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    model = write_tiny(tmp_path / "tiny", "llama2")

    engine = OpenVinoEngine(find(str(model)), cache=tmp_path / "cache", precision="int4")

    assert engine.generator.spec.kernels is None
    assert "OpenVINO's kernels are used" in caplog.text
    engine.close()
    said = choose.explain(Settings(model=str(model), precision="int4"))
    assert "without our kernels: " in said


def test_the_doctor_says_that_they_are_used(tmp_path: Path, model_cache: Path) -> None:
    built(model_cache)
    model = write_tiny(tmp_path / "tiny", "llama2")

    assert choose.explain(Settings(model=str(model), precision="int4")).endswith("our kernels")
    assert "kernels" not in choose.explain(Settings(model=str(model), precision="int8"))


@pytest.fixture
def adapter(model_cache: Path) -> ActiveAdapter:
    """The adapter of a model with one layer."""
    linears = {f"model.layers.0.{name}": [64, 128] for name in LINEARS}
    return ActiveAdapter(built(model_cache), linears)


def halves(a: torch.Tensor, b: torch.Tensor) -> bytes:
    name = "model.layers.0.mlp.up_proj"
    return save({f"{name}.lora_A.weight": a, f"{name}.lora_B.weight": b})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_an_adapter_may_be_of_any_float_type(adapter: ActiveAdapter, dtype: torch.dtype) -> None:
    adapter.use(halves(torch.ones(2, 128, dtype=dtype), torch.ones(64, 2, dtype=dtype)), "", 1.0)
    adapter.clear()


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


def test_the_build_leaves_nothing_behind_when_it_is_killed_and_tries_again(
    tmp_path: Path, model_cache: Path
) -> None:
    built(model_cache)
    (tmp_path / ".kernels-of-a-dead-process").mkdir()

    assert build.library(tmp_path).is_file()
    shutil.rmtree(tmp_path / ".kernels-of-a-dead-process")
