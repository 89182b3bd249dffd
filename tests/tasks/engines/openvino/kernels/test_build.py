"""Our kernels' library: built once, checked, and not used where it cannot be built."""

import os
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.engines import choose
from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.openvino.kernels import build
from tasks.errors import KernelsMissing
from tasks.settings import Settings
from tests.tasks.engines.openvino.built_kernels import built
from tests.tasks.models.tiny_models import write_tiny
from trainer.base_model.source import find


@pytest.fixture
def copying(tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that takes no time: it gives out the library that was really compiled before."""
    compiler = tmp_path / "compiler"
    library = shlex.quote(str(built(shared_cache)))
    compiler.write_text(
        f'#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\nexec cp {library} "$2"\n', "utf-8"
    )
    compiler.chmod(0o700)
    monkeypatch.setenv("CXX", str(compiler))


def test_the_library_is_built_once(
    tmp_path: Path, copying: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build.explain(tmp_path) == "with our kernels, which the next start builds"
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(build.library, [tmp_path] * 2)
    assert first == second
    assert sorted(file.suffix for file in tmp_path.iterdir()) == ["", ".lock", ".sha256", ".so"]

    monkeypatch.setenv("CXX", "no-such-compiler")
    assert build.library(tmp_path) == first
    assert build.explain(tmp_path) == "with our kernels"


def test_a_library_that_is_not_whole_is_built_again(tmp_path: Path, copying: None) -> None:
    file = build.library(tmp_path)
    whole = file.stat().st_size
    os.truncate(file, 10_000)

    assert build.library(tmp_path) == file
    assert file.stat().st_size == whole


def test_a_build_that_was_killed_is_begun_anew(tmp_path: Path, copying: None) -> None:
    (build._LibraryFiles(tmp_path).library.with_suffix(".part") / "left").mkdir(parents=True)

    assert build.library(tmp_path).is_file()
    assert not list(tmp_path.glob("*.part"))


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, shared_cache: Path) -> None:
    built(shared_cache)
    (tmp_path / "cache").write_text("a file, not a folder", "utf-8")

    with pytest.raises(KernelsMissing, match=r"they cannot be built in .*cache"):
        build.library(tmp_path / "cache")


def test_the_compiler_may_have_arguments(
    tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(shared_cache)
    monkeypatch.setenv("CXX", "env LANG=C g++")

    assert build.library(tmp_path).is_file()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("second_sum = sum(totals[1])", "second_sum = -sum(totals[1])"),
        ("low->add_block(0, ", "low->add_block(block, "),
        ("5.0000001201e-2f", "5.0000001201e-1f"),  # the exponential's polynomial
        ("counts[chosen[i]]", "counts[chosen[i]]++"),  # a token's place among its expert's
    ],
)
def test_a_library_that_computes_wrongly_is_not_used(
    tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, right: str
) -> None:
    built(shared_cache)
    for file in build.SOURCE.iterdir():
        text = file.read_text("utf-8")
        (tmp_path / file.name).write_text(text.replace(right, wrong), "utf-8")
    monkeypatch.setattr(build, "SOURCE", tmp_path)
    # As wrong, and compiled in a fraction of the time.
    monkeypatch.setattr(build, "FLAGS", tuple(f.replace("-O3", "-O1") for f in build.FLAGS))
    cache = tmp_path / "cache"

    with pytest.raises(KernelsMissing, match=r"compute wrongly here \(output \d of \d tokens"):
        build.library(cache)
    assert not list(cache.glob("*.so"))
    assert "without our kernels: they compute wrongly here" in build.explain(cache)


def test_sources_that_do_not_compile_are_said(
    tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(shared_cache)
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


def test_the_doctor_says_that_they_are_used(tmp_path: Path, copying: None) -> None:
    model = write_tiny(tmp_path / "tiny", "llama2")

    settings = Settings(model=str(model), precision="int4")
    build.library(settings.cache)
    assert choose.explain(settings).endswith(" with our kernels")
    assert "kernels" not in choose.explain(Settings(model=str(model), precision="int8"))
