"""`swallow doctor --model`: what a model would take here, also one that was never fetched."""

from pathlib import Path

import pytest

from tasks.engines import choose, memory_bandwidth
from tasks.engines.estimate import needs
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.swallow_models import CONFIGS, config_of
from tasks.errors import ModelUnsupported
from tasks.model_checks import model_rows
from tasks.settings import Settings
from tests.tasks.models.quantised_checkpoints import awq_config, change_config, quantise
from tests.tasks.models.tiny_models import write_tiny

SEVEN = "tokyotech-llm/Swallow-7b-instruct-hf"


@pytest.fixture(autouse=True)
def known_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that runs the fast engine, whose memory is read with 42 GB/s."""
    monkeypatch.setattr(choose, "runs_fast_kernels", lambda: True)
    monkeypatch.setattr("tasks.model_checks.bytes_per_second", lambda threads: 42e9)


def details(model: str) -> dict[str, str]:
    rows = model_rows(Settings(model=model), asked_for=True)
    return {row["check"]: row["detail"] for row in rows}


def test_swallow_7b_is_judged_before_it_is_fetched() -> None:
    found = details(SEVEN)

    assert found["model"] == "Swallow-7b-instruct-hf is not on this machine"
    assert found["engine"].startswith("openvino (chosen")
    # 6.4 thousand million weights of 4 to 4.5 bits, the output layer at 8.
    assert found["memory"].endswith(("takes: about 6.0 GB", "takes: about 6.3 GB"))
    assert found["speed"].startswith(("at most 11.9 tokens/s", "at most 11.0 tokens/s"))


def test_a_model_that_is_not_here_fails_only_where_it_is_the_chosen_one() -> None:
    assert model_rows(Settings(model=SEVEN), asked_for=True)[0]["ok"]
    (chosen, *_) = model_rows(Settings(model=SEVEN))
    assert not chosen["ok"]
    assert "swallow prepare" in chosen["advice"]


def test_a_model_of_transformers_says_why_and_what_it_takes_there() -> None:
    found = details("tokyotech-llm/Gemma-2-Llama-Swallow-27b-it-v0.1")

    assert "transformers (chosen, the fast engine cannot run" in found["engine"]
    assert "gemma2" in found["engine"]
    assert float(found["memory"].rpartition("about ")[2].removesuffix(" GB")) > 60


def test_of_an_unknown_model_nothing_is_guessed() -> None:
    found = details("somebody/something")

    assert found["engine"].endswith("known once its configuration is here")
    assert found["memory"].endswith("takes: known once its configuration is here")
    assert found["speed"] == "42 GB/s of memory are read here now"


def test_a_path_that_does_not_exist_is_said() -> None:
    (model, _) = model_rows(Settings(model="/no/such"))

    assert not model["ok"]
    assert "There is no model at '/no/such'" in model["detail"]


def test_of_a_quantised_checkpoint_is_said_who_reads_it(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "tiny", "qwen3-tied")
    quantise(folder, "awq")

    found = details(str(folder))

    assert found["checkpoint"].startswith("quantised already (awq): the fast engine reads it")
    assert "needs the package gptqmodel" in found["checkpoint"]
    assert found["weights"] == "int8 (kept from AWQ); the next start converts it"


def test_a_model_whose_name_says_that_it_is_quantised_is_a_smaller_download() -> None:
    whole, quantised = (
        needs(Settings(model=f"tokyotech-llm/Qwen3-Swallow-8B-RL-v0.2{end}")).download
        for end in ("", "-AWQ-INT4")
    )

    assert 16e9 < whole < 17e9
    assert 5.5e9 < quantised < 6.5e9


def test_a_checkpoint_that_neither_engine_reads_fails(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "tiny", "llama2")
    change_config(folder, quantization_config=awq_config(version="gemv"))

    rows = {row["check"]: row for row in model_rows(Settings(model=str(folder)))}

    assert "transformers (chosen, the fast engine cannot run" in rows["engine"]["detail"]
    assert "by AWQ in the layout gemv" in rows["engine"]["detail"]
    assert not rows["checkpoint"]["ok"]
    assert "pip install gptqmodel" in rows["checkpoint"]["advice"]


@pytest.mark.parametrize(
    ("id", "known"),
    [
        ("tokyotech-llm/Llama-3.1-Swallow-8B-Instruct-v0.5", "Llama-3.1-Swallow-8B"),
        ("tokyotech-llm/Swallow-7b-hf@abc", "Swallow-7b"),
        ("tokyotech-llm/Swallow-7b", "Swallow-7b"),
        ("tokyotech-llm/Swallow-7bis", None),
        ("somebody/Swallow-7b-hf", None),
        ("Swallow-7b-hf", None),
    ],
)
def test_a_model_is_known_by_the_beginning_of_its_name(id: str, known: str | None) -> None:
    assert config_of(id) == (CONFIGS[known] if known else None)


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_known_of_a_model_is_complete(name: str) -> None:
    config = CONFIGS[name]
    if "parameters" not in config:
        assert read_architecture(config).parameters > 1e9
    else:
        assert config["parameters"] >= config["active_parameters"] > 1e9
        with pytest.raises(ModelUnsupported, match=config["model_type"]):
            read_architecture(config)


def test_memory_is_read_with_some_speed() -> None:
    assert memory_bandwidth.bytes_per_second(1) > 1e8
