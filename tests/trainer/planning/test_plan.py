"""What is worked out before weights are loaded: split, batch, steps."""

from dataclasses import replace
from pathlib import Path

import pytest
from transformers import AutoConfig

from tests.tasks.models.quantised_checkpoints import awq_config, change_config
from tests.tasks.models.tiny_models import write_tiny
from tests.trainer.doubles import write_rows
from trainer import cpu
from trainer.adapters import adapter_files
from trainer.errors import DataUnusable, OptionInvalid
from trainer.planning import memory, plan
from trainer.planning.options import Options


def options(model: Path, rows: Path, **changes: object) -> Options:
    values = {"base_model": str(model), "data_path": str(rows), "cutoff_len": 400}
    return Options(**{**values, "style": "alpaca-en", **changes})  # type: ignore[arg-type]


def test_rows_of_a_validation_source_are_never_trained_on(
    model_folder: Path, rows_file: Path, tmp_path: Path
) -> None:
    held_out = tmp_path / "held.jsonl"
    lines = rows_file.read_text(encoding="utf-8").splitlines()
    held_out.write_text("\n".join(lines[:5]), encoding="utf-8")

    planned = plan.make(
        options(model_folder, rows_file, val_data_path=str(held_out)), tmp_path / "home"
    )

    assert len(planned.held_out.rows) == 5
    assert len(planned.steps.rows) == len(lines) - 5
    assert not {row.ids for row in planned.held_out.encoded} & {
        row.ids for row in planned.steps.rows
    }


def test_a_rank_whose_adapter_would_be_too_large_to_use_is_refused(
    model_folder: Path, rows_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter_files, "MAX_WEIGHTS_BYTES", 1_100_000)

    assert plan.make(options(model_folder, rows_file, lora_r=8), tmp_path / "home")
    with pytest.raises(OptionInvalid, match="--lora-r is 512, which makes an adapter"):
        plan.make(options(model_folder, rows_file, lora_r=512), tmp_path / "home")


def test_a_checkpoint_that_is_quantised_already_is_not_trained(
    rows_file: Path, tmp_path: Path
) -> None:
    model = write_tiny(tmp_path / "tiny", "qwen3")
    change_config(model, quantization_config=awq_config())

    with pytest.raises(OptionInvalid, match=r"quantised already \(awq\).* it was made from"):
        plan.make(options(model, rows_file), tmp_path / "home")


def test_of_a_model_with_experts_only_attention_is_adapted_and_not_in_int8(
    rows_file: Path, tmp_path: Path
) -> None:
    mixture = write_tiny(tmp_path / "mixture", "qwen3moe")
    both = {"lora_target_modules": ("q_proj", "up_proj", "down_proj")}

    assert plan.make(options(mixture, rows_file), tmp_path / "home").shape.experts == 8
    with pytest.raises(OptionInvalid, match="names up_proj, down_proj, which are the model's exp"):
        plan.make(options(mixture, rows_file, **both), tmp_path / "home")
    with pytest.raises(OptionInvalid, match="--precision is int8, which a model with experts"):
        plan.make(options(mixture, rows_file, precision="int8"), tmp_path / "home")


@pytest.mark.parametrize(
    ("kind", "what"), [("gemma2", "soft-capped logits"), ("gpt_oss", "attention sinks")]
)
def test_a_model_whose_answers_packed_rows_do_not_compute_is_refused(
    rows_file: Path, tmp_path: Path, kind: str, what: str
) -> None:
    folder = tmp_path / kind
    AutoConfig.for_model(kind).save_pretrained(folder)

    with pytest.raises(OptionInvalid, match=f"--base-model is .*{kind}, which has {what}"):
        plan.make(options(folder, rows_file), tmp_path / "home")


def test_small_data_gets_small_steps(model_folder: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "many.jsonl", 600)

    planned = plan.make(options(model_folder, rows), tmp_path / "home")

    assert len(planned.steps) >= 50


def test_rows_that_leave_no_room_for_an_answer_are_dropped_with_the_reason(
    model_folder: Path, rows_file: Path, tmp_path: Path
) -> None:
    planned = plan.make(options(model_folder, rows_file, cutoff_len=205), tmp_path / "home")

    assert planned.facts["dropped_reasons"] == {"whose question alone reaches --cutoff-len": 16}
    with pytest.raises(DataUnusable, match="None of the 48 rows"):
        plan.make(options(model_folder, rows_file, cutoff_len=32), tmp_path / "home")


@pytest.mark.parametrize(
    ("flags", "dense", "mixture"),
    [
        ({"avx2"}, "fp32", "fp32"),
        ({"avx2", "avx512_vnni"}, "int8", "fp32"),
        ({"avx512_vnni", "avx512_bf16"}, "int8", "bf16"),
    ],
)
def test_a_large_model_is_trained_in_what_the_cpu_multiplies_fastest(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], dense: str, mixture: str
) -> None:
    monkeypatch.setattr(cpu, "cpu_flags", lambda: frozenset(flags))
    large = memory.Shape(32, 4096, 11008, 43176, 32, 32, 128, tied=False)

    assert plan._fastest_precision(large) == dense
    assert plan._fastest_precision(replace(large, experts=8)) == mixture
    assert plan._fastest_precision(replace(large, layers=1)) == "fp32"
