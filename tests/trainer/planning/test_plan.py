"""What is worked out before weights are loaded: split, batch, steps."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.doubles import random_rows, write_rows
from trainer.adapters import adapter_files
from trainer.data.steps import Steps
from trainer.errors import DataUnusable, OptionInvalid
from trainer.planning import plan
from trainer.planning.options import Options


@given(st.integers(1, 70), st.integers(1, 20), st.integers(1, 3))
def test_every_epoch_learns_every_row_once(rows: int, batch: int, epochs: int) -> None:
    encoded = random_rows(rows)
    steps = Steps(encoded, epochs, batch, 200, seed=1)

    assert len(steps) == epochs * -(-rows // batch)
    for epoch in range(epochs):
        order = steps._order(epoch)
        assert sorted(order) == list(range(rows))


def test_steps_depend_on_the_seed_only() -> None:
    rows = random_rows(30)

    one, same, other = (Steps(rows, 2, 7, 200, seed=seed) for seed in (1, 1, 2))

    assert [step.packs for step in map(one.__getitem__, range(len(one)))] == [
        step.packs for step in map(same.__getitem__, range(len(same)))
    ]
    assert one[0].packs != other[0].packs


def options(model: Path, rows: Path, **changes: object) -> Options:
    values = {"base_model": str(model), "data_path": str(rows), "cutoff_len": 400}
    return Options(**{**values, "style": "alpaca-en", **changes})  # type: ignore[arg-type]


def test_rows_of_a_validation_source_are_never_trained_on(
    model_folder: Path, rows_file: Path, tmp_path: Path
) -> None:
    held_out = tmp_path / "held.jsonl"
    lines = rows_file.read_text(encoding="utf-8").splitlines()
    held_out.write_text("\n".join(lines[:5]), encoding="utf-8")

    made = plan.make(
        options(model_folder, rows_file, val_data_path=str(held_out)), tmp_path / "home"
    )

    assert len(made.held_out.rows) == 5
    assert len(made.steps.rows) == len(lines) - 5
    assert not {row.ids for row in made.held_out.encoded} & {row.ids for row in made.steps.rows}


def test_a_rank_whose_adapter_would_be_too_large_to_use_is_refused(
    model_folder: Path, rows_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter_files, "MAX_WEIGHTS_BYTES", 1_100_000)

    assert plan.make(options(model_folder, rows_file, lora_r=8), tmp_path / "home")
    with pytest.raises(OptionInvalid, match="--lora-r is 512, which makes an adapter"):
        plan.make(options(model_folder, rows_file, lora_r=512), tmp_path / "home")


def test_small_data_gets_small_steps(model_folder: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "many.jsonl", 600)

    made = plan.make(options(model_folder, rows), tmp_path / "home")

    assert len(made.steps) >= 50


def test_rows_that_leave_no_room_for_an_answer_are_dropped_with_the_reason(
    model_folder: Path, rows_file: Path, tmp_path: Path
) -> None:
    made = plan.make(options(model_folder, rows_file, cutoff_len=205), tmp_path / "home")

    assert made.facts["dropped_reasons"] == {"whose question alone reaches --cutoff-len": 16}
    with pytest.raises(DataUnusable, match="None of the 48 rows"):
        plan.make(options(model_folder, rows_file, cutoff_len=32), tmp_path / "home")
