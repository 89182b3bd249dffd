"""Our kernels' library: built once, checked, and not used where it cannot be built."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from openvino import opset15 as op
from openvino.utils.node_factory import NodeFactory
from safetensors.torch import save

from tasks.engines import choose
from tasks.engines.openvino.convert.pack import pack
from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.openvino.kernels import build
from tasks.engines.openvino.kernels.active_adapter import ActiveAdapter
from tasks.errors import KernelsMissing
from tasks.settings import Settings
from tests.tasks.engines.openvino.built_kernels import built
from tests.tasks.tiny_models import write_tiny
from trainer.adapters.adapter import PROJECTIONS
from trainer.base_model.source import find


def test_the_library_is_built_once(
    tmp_path: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(model_cache)
    assert build.explain(tmp_path) == "with our kernels, which the next start builds"
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(build.library, [tmp_path] * 2)
    assert first == second
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".lock", ".sha256", ".so"]

    monkeypatch.setenv("CXX", "no-such-compiler")
    assert build.library(tmp_path) == first
    assert build.explain(tmp_path) == "with our kernels"


@pytest.mark.parametrize("size", [0, 10_000])
def test_a_library_that_is_not_whole_is_built_again(
    tmp_path: Path, model_cache: Path, size: int
) -> None:
    built(model_cache)
    file = build.library(tmp_path)
    whole = file.stat().st_size
    os.truncate(file, size)

    assert build.library(tmp_path) == file
    assert file.stat().st_size == whole


def test_a_build_that_was_killed_is_begun_anew(tmp_path: Path, model_cache: Path) -> None:
    built(model_cache)
    (build._LibraryFiles(tmp_path).library.with_suffix(".part") / "left").mkdir(parents=True)

    assert build.library(tmp_path).is_file()
    assert not list(tmp_path.glob("*.part"))


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, model_cache: Path) -> None:
    built(model_cache)
    (tmp_path / "cache").write_text("a file, not a folder", "utf-8")

    with pytest.raises(KernelsMissing, match=r"they cannot be built in .*cache"):
        build.library(tmp_path / "cache")


def test_the_compiler_may_have_arguments(
    tmp_path: Path, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(model_cache)
    monkeypatch.setenv("CXX", "env LANG=C g++")

    assert build.library(tmp_path).is_file()


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
    assert not list(cache.glob("*.so"))
    assert "without our kernels: they compute wrongly here" in build.explain(cache)


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
    assert "there is no no-such-compiler, which CXX names" in caplog.text
    engine.close()
    said = choose.explain(Settings(model=str(model), precision="int4"))
    assert "without our kernels: " in said


def test_the_doctor_says_that_they_are_used(tmp_path: Path, model_cache: Path) -> None:
    built(model_cache)
    model = write_tiny(tmp_path / "tiny", "llama2")

    settings = Settings(model=str(model), precision="int4")
    build.library(settings.cache)
    assert choose.explain(settings).endswith(" with our kernels")
    assert "kernels" not in choose.explain(Settings(model=str(model), precision="int8"))


def test_the_kernels_number_the_linear_layers_as_the_adapters_list_them() -> None:
    text = (build.HERE / "adapter.hpp").read_text("utf-8")
    (names,) = re.findall(r"enum Linear {(.*)}", text)

    assert [f"{name.strip().lower()}_proj" for name in names.split(",")] == list(PROJECTIONS)


@pytest.fixture
def adapter(model_cache: Path) -> ActiveAdapter:
    """The active adapter of a model in which one matrix [64, 128] may be adapted."""
    return ActiveAdapter(built(model_cache), {"model.layers.0.mlp.up_proj": [64, 128]})


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


def test_a_refused_adapter_leaves_what_was_active(model_cache: Path) -> None:
    """The base answers as before, and so does an adapter that was active."""
    active = ActiveAdapter(built(model_cache), {"model.layers.8.mlp.up_proj": [64, 128]})
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


def test_what_is_not_finite_stays_so(model_cache: Path) -> None:
    """NaN and infinite values must not become numbers that look right."""
    kernels = built(model_cache)
    weights = torch.ones(32, 128)
    factory = NodeFactory()
    factory.add_extension(str(kernels))
    x = op.parameter(ov.PartialShape([-1, 128]), ov.Type.f32)
    residual = op.constant(np.zeros((1, 32), np.float32))
    matrix = op.constant(np.array(pack(weights, "blocks", 128).values))
    joined = factory.create("Joined", [x, residual, matrix], {"layer": 9, "epsilon": 0.0})
    core = ov.Core()
    core.add_extension(str(kernels))
    compiled = core.compile_model(ov.Model([op.result(joined)], [x], "check"), "CPU")
    for value, expected in ((np.nan, np.nan), (np.inf, np.nan), (1e-38, 0.0), (2.0, 129.0)):
        values = np.ones((1, 128), np.float32) if value == 2.0 else np.zeros((1, 128), np.float32)
        values[0, 5] = value

        (found,) = compiled(values).values()

        assert np.allclose(found, expected, rtol=0.01, atol=1e-6, equal_nan=True), value
