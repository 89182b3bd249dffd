"""Options are refused where they are made, with the flag in the message."""

from typing import Any

import pytest

from trainer.errors import OptionInvalid
from trainer.planning.options import OPTIONS, Options


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("cutoff_len", 3),
        ("lora_r", 0),
        ("lora_dropout", 1.0),
        ("lora_target_modules", ("lm_head",)),
        ("lora_target_modules", ()),
        ("checkpoint_minutes", float("nan")),
        ("precision", "fp16"),
        ("seed", -1),
    ],
)
def test_a_value_that_cannot_work_names_its_flag(name: str, value: Any) -> None:
    with pytest.raises(OptionInvalid, match="--" + name.replace("_", "-")):
        Options(**{name: value})


def test_options_survive_json() -> None:
    options = Options(base_model="x", lora_target_modules=("q_proj", "o_proj"), threads=2)

    assert Options.from_dict(options.to_dict()) == options


def test_a_default_is_possible_and_no_two_chat_names_are_equal() -> None:
    for spec in OPTIONS:
        spec.check(spec.default)

    names = [spec.chat_name for spec in OPTIONS if spec.chat_name]
    assert len(set(names)) == len(names)


def test_a_number_in_a_chat_command_has_two_ends_within_the_trainers_bounds() -> None:
    for spec in OPTIONS:
        if spec.chat_name and not spec.choices:
            assert spec.bounds is not None
            assert spec.chat_bounds.most < float("inf"), spec.name
            assert spec.chat_bounds.most <= spec.bounds.most
            assert spec.chat_bounds.least == spec.bounds.least
