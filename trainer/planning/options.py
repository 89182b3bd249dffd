"""The options of a training, checked where they are made.

Names and values are those of the reference recipe, except where these were the cause of its
failures; each such default says why. This module does not know data, models or the command line.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from trainer.adapters.adapter import PROJECTIONS
from trainer.errors import OptionInvalid

PRECISIONS = ("auto", "int8", "bf16", "fp32")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one training is asked to do; a value that cannot work raises OptionInvalid.

    None means: decided from the model, the data or the machine when the training starts, and then
    kept in its `options.json`.
    """

    base_model: str | None = None
    data_path: str = "sample"
    output_dir: str = "output"
    num_epochs: int = 1
    batch_size: int | None = None
    """Rows of a step. The reference's 128 leaves a small data set a handful of steps: None means
    128, or fewer so that an epoch has at least 50 steps."""
    micro_batch_size: int = 4
    """A pack holds at most this many times `cutoff_len` tokens."""
    learning_rate: float = 3e-4
    warmup_share: float = 0.05
    """Share of all steps. The reference warmed up for 100 steps of 101 and so hardly trained."""
    cutoff_len: int = 256
    val_set_size: int = 200
    """Rows held out, at most an eighth of all. The reference's 2000 cost hours and never ran."""
    val_data_path: str | None = None
    lora_r: int = 8
    lora_alpha: float = 16.0
    lora_dropout: float = 0.05
    lora_target_modules: tuple[str, ...] = ("q_proj", "v_proj")
    train_on_inputs: bool = False
    """The reference learned its own prompts too, which is not what an answer is judged by."""
    style: str | None = None
    precision: str = "auto"
    packing: bool = True
    gradient_checkpointing: bool | None = None
    threads: int | None = None
    checkpoint_minutes: float = 5.0
    """By time. The reference's 200 steps between checkpoints never passed in 101 steps."""
    seed: int = 42

    def __post_init__(self) -> None:
        for name, holds, expected in _CHECKS:
            value = getattr(self, name)
            if not holds(value):
                flag = "--" + name.replace("_", "-")
                raise OptionInvalid(f"{flag} is {_shown(value)}, but it must be {expected}.")

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain JSON values."""
        return {**asdict(self), "lora_target_modules": list(self.lora_target_modules)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Options":
        """Read what `to_dict` wrote; unknown keys are ignored."""
        known = {field.name for field in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        kept["lora_target_modules"] = tuple(kept.get("lora_target_modules", ("q_proj", "v_proj")))
        return cls(**kept)


def _shown(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else repr(value)


def _at_least(least: float) -> Callable[[Any], bool]:
    return lambda value: value is None or least <= value < float("inf")


def _are_projections(value: tuple[str, ...]) -> bool:
    return bool(value) and set(value) <= set(PROJECTIONS) and len(set(value)) == len(value)


_CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("num_epochs", _at_least(1), "1 or more"),
    ("batch_size", _at_least(1), "1 or more"),
    ("micro_batch_size", _at_least(1), "1 or more"),
    ("learning_rate", lambda value: 0 < value <= 1, "above 0 and at most 1"),
    ("warmup_share", lambda value: 0 <= value < 1, "from 0 to below 1"),
    ("cutoff_len", _at_least(16), "16 or more"),
    ("val_set_size", _at_least(0), "0 or more"),
    ("lora_r", lambda value: 1 <= value <= 512, "from 1 to 512"),
    ("lora_alpha", lambda value: 0 < value < 1e6, "above 0"),
    ("lora_dropout", lambda value: 0 <= value < 1, "from 0 to below 1"),
    ("lora_target_modules", _are_projections, f"some of {','.join(PROJECTIONS)}"),
    ("precision", lambda value: value in PRECISIONS, f"one of {', '.join(PRECISIONS)}"),
    ("threads", _at_least(1), "1 or more"),
    ("checkpoint_minutes", _at_least(0), "0 or more"),
    ("seed", lambda value: 0 <= value < 2**32, "from 0 to 4294967295"),
)
