"""Which engine runs, what the doctor says about it, and what it will take."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from tasks.engines import choose
from tasks.engines.choose import explain, load_engine
from tasks.engines.estimate import needs
from tasks.engines.protocol import Engine, Question, Sampling
from tasks.errors import ConversionFailed, EngineFailed, SettingInvalid
from tasks.settings import Settings
from tests.tasks.models.tiny_models import REFERENCE_KINDS, write_tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A supported model."""
    return write_tiny(tmp_path / "tiny", "llama3")


def settings(model: Path, **values: str) -> Settings:
    return Settings(model=str(model), **values)  # type: ignore[arg-type]


def with_bias(model: Path) -> Path:
    """Change the model into one that the graph cannot express."""
    config = json.loads((model / "config.json").read_text("utf-8"))
    (model / "config.json").write_text(json.dumps(config | {"attention_bias": True}), "utf-8")
    return model


def test_auto_takes_the_fast_engine_where_it_can(tiny: Path) -> None:
    engine = load_engine(settings(tiny))

    assert engine.name == "openvino"
    assert explain(settings(tiny)) == "openvino (chosen, it supports this model and CPU)"
    engine.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("deaths", "name"), [(2, "openvino"), (3, "transformers")])
def test_a_generating_process_that_dies_as_it_loads_is_tried_again(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, deaths: int, name: str
) -> None:
    start = choose._fast_engine
    died: list[bool] = []

    def start_or_die(*arguments: Any) -> Engine:
        if len(died) < deaths:
            died.append(True)
            raise EngineFailed("The generating process failed (it ended).")
        return start(*arguments)

    monkeypatch.setattr(choose, "_fast_engine", start_or_die)

    engine = load_engine(settings(tiny))

    assert engine.name == name
    if name == "openvino":
        engine.close()  # type: ignore[attr-defined]


def test_auto_takes_the_reference_for_another_model_and_says_why(
    tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        engine = load_engine(settings(with_bias(tiny)))

    assert engine.name == "transformers"
    assert "attention_bias" in caplog.text
    assert "attention_bias" in explain(settings(tiny))


@pytest.mark.parametrize(("kind", "architecture"), REFERENCE_KINDS.items())
def test_a_family_that_the_graph_cannot_express_runs_in_the_reference(
    tmp_path: Path, kind: str, architecture: str
) -> None:
    model = write_tiny(tmp_path / kind, kind)

    engine = load_engine(settings(model))

    assert engine.name == "transformers"
    answer = engine.answer(Question("Hi", sampling=Sampling(3)), lambda text: None, lambda: False)
    assert answer.tokens
    said = explain(settings(model))
    assert said.startswith("transformers (chosen, the fast engine cannot run: its architecture is ")
    assert architecture in said


def test_auto_takes_the_reference_on_another_processor(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "runs_fast_kernels", lambda: False)

    assert explain(settings(tiny)).startswith("transformers (chosen")
    assert "AVX2" in explain(settings(tiny))


def test_experts_without_our_kernels_take_the_reference_and_the_doctor_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixture = write_tiny(tmp_path / "mixture", "qwen3moe")
    assert "at 4 bits only" in explain(settings(mixture, precision="int8"))
    monkeypatch.setenv("CXX", "no-such-compiler")

    said = explain(settings(mixture))
    assert said.startswith("transformers (chosen")
    assert "only by our kernels, and there is no no-such-compiler" in said
    assert load_engine(settings(mixture)).name == "transformers"


def test_what_was_asked_for_is_not_replaced(tiny: Path) -> None:
    with pytest.raises(SettingInvalid, match="attention_bias"):
        load_engine(settings(with_bias(tiny), engine="openvino"))

    assert "cannot run" in explain(settings(tiny, engine="openvino"))
    assert explain(settings(tiny, engine="transformers")) == "transformers (asked for)"


def test_a_full_disk_is_an_error_only_where_the_fast_engine_was_asked_for(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage("/")._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)

    assert load_engine(settings(tiny)).name == "transformers"
    with pytest.raises(ConversionFailed, match="are free"):
        load_engine(settings(tiny, engine="openvino"))


def test_the_doctor_counts_what_the_engine_that_runs_takes(tiny: Path) -> None:
    slow = needs(settings(tiny, engine="transformers"))
    assert slow.disk == 0
    assert needs(settings(tiny)).disk
    assert slow.memory != needs(settings(tiny)).memory

    load_engine(settings(tiny)).close()  # type: ignore[attr-defined]

    assert needs(settings(tiny)).disk == 0
    assert needs(settings(tiny, precision="bf16")).disk
