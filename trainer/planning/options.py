"""The options of a training: the one table from which all that reads or offers them is made.

A field here is at once the option on the command line, its check, and, with a `chat_name`, the
option of the chat command. Names and values are those of the reference recipe, except where these
caused its failures; each such default says why. This module does not know data, models or the
command line.
"""

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from trainer.adapters.adapter import PROJECTIONS
from trainer.planning.option_spec import Bounds, OptionSpec, option, specs
from trainer.prompts.templates import STYLES

METHODS = ("sft", "dpo")
Value = TypeVar("Value")

PRECISIONS = ("auto", "int8", "bf16", "fp32")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one training is asked to do; a value that cannot work raises OptionInvalid.

    None means: decided from the model, the data or the machine when the training starts, and then
    kept in its `options.json`.
    """

    base_model: str | None = option(
        None, help="Model: a folder, a .gguf file, a hub id; default the small model."
    )
    data_path: str = option(
        "sample", help="Rows to learn: JSON, JSONL, CSV, a folder, a hub id, or `sample`."
    )
    output_dir: str = option(
        "output", help="Adapter's name, or a folder (with a slash); never overwritten."
    )
    num_epochs: int | None = option(
        None,
        bounds=Bounds(least=1),
        help="How often each row is learned; default 1, corrections more often.",
        chat_name="epochs",
        chat_most=1000,
    )
    batch_size: int | None = option(
        None,
        bounds=Bounds(least=1),
        help="Rows per step; default 128, fewer for small data (50 steps).",
        chat_name="batch",
        chat_most=65_536,
    )
    """The reference's 128 leaves a small data set a handful of steps: None means 128, or fewer so
    that an epoch has at least 50 steps."""
    micro_batch_size: int = option(
        4,
        bounds=Bounds(least=1),
        help="A pack holds at most this many times --cutoff-len tokens.",
        chat_name="micro_batch",
        chat_most=4096,
    )
    learning_rate: float | None = option(
        None,
        bounds=Bounds(least=0, most=1, above=True),
        help="AdamW's, after warm-up; decays linearly; default 3e-4, for corrections 1e-3 at a "
        "width of 576 and less for wider models.",
        chat_name="lr",
    )
    warmup_share: float = option(
        0.05,
        bounds=Bounds(least=0, most=1, below=True),
        help="Share of the steps that warm up.",
    )
    """The reference warmed up for 100 steps of 101 and so hardly trained."""
    cutoff_len: int = option(
        256,
        bounds=Bounds(least=16),
        help="Tokens of a row; longer ones lose their end.",
        chat_name="cutoff",
        chat_most=131_072,
    )
    val_set_size: int | None = option(
        None,
        bounds=Bounds(least=0),
        help="Rows held out to judge by, at most an eighth; default 200, of corrections none.",
        chat_name="val",
        chat_most=1_000_000,
    )
    """The reference's 2000 would have cost hours of evaluation, which never ran."""
    val_data_path: str | None = option(None, help="Hold out the rows of this source instead.")
    exam_path: str | None = option(
        None, help="Rows to examine the adapter on; what they ask is never trained on."
    )
    method: str = option(
        "sft",
        choices=METHODS,
        help="Learn answers (sft), or also that the corrected ones were wrong (dpo).",
        chat_name="method",
    )
    keep: float | None = option(
        None,
        bounds=Bounds(least=0, most=0.9),
        help="Share of the model's own answers to general questions among what is learned, so "
        "that it forgets less; default 0, for corrections 0.5.",
        chat_name="keep",
    )
    lora_r: int | None = option(
        None,
        bounds=Bounds(least=1, most=512),
        help="Rank of the adapter; default 8, for corrections 32.",
        chat_name="r",
    )
    lora_alpha: float | None = option(
        None,
        bounds=Bounds(least=0, most=1_000_000, above=True, below=True),
        help="The adapter's strength is alpha / r; default 16, for corrections 64.",
        chat_name="alpha",
    )
    lora_dropout: float = option(
        0.05,
        bounds=Bounds(least=0, most=1, below=True),
        help="Dropout on the adapter's input.",
        chat_name="dropout",
    )
    lora_target_modules: tuple[str, ...] | None = option(
        None,
        choices=PROJECTIONS,
        help=f"Comma-separated layers to adapt, of {','.join(PROJECTIONS)}; default q_proj,v_proj, "
        "for corrections the feed-forward ones.",
    )
    train_on_inputs: bool = option(False, help="Learn the prompt too, as the reference did.")
    """The reference learned its own prompts too, which is not what an answer is judged by."""
    style: str | None = option(
        None, choices=tuple(STYLES), help="Prompt style; default the model's."
    )
    precision: str = option(
        "auto", choices=PRECISIONS, help="Of the frozen base; auto suits the CPU."
    )
    packing: bool = option(True, help="Pack rows into sequences that share the preamble.")
    gradient_checkpointing: bool | None = option(
        None, help="Trade a third of the speed for memory; default only where needed."
    )
    threads: int | None = option(
        None, bounds=Bounds(least=1), help="Threads; default what measures fastest here."
    )
    checkpoint_minutes: float = option(
        5.0, bounds=Bounds(least=0), help="Minutes between checkpoints."
    )
    """By time. The reference's 200 steps between checkpoints never passed in 101 steps."""
    seed: int = option(
        42,
        bounds=Bounds(least=0, most=2**32 - 1),
        help="Order of rows, first weights, dropout.",
        chat_name="seed",
    )

    def __post_init__(self) -> None:
        for spec in OPTIONS:
            spec.check(getattr(self, spec.name))

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain JSON values."""
        modules = self.lora_target_modules
        return {**asdict(self), "lora_target_modules": list(modules) if modules else None}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Options":
        """Read what `to_dict` wrote; unknown keys are ignored, missing ones have their default.

        Raises:
            OptionInvalid: a value that cannot work.
        """
        kept = {spec.name: values[spec.name] for spec in OPTIONS if spec.name in values}
        if modules := kept.get("lora_target_modules"):
            kept["lora_target_modules"] = tuple(modules)
        return cls(**kept)


def decided(value: Value | None) -> Value:
    """Return the value of an option that the plan of a training has decided."""
    assert value is not None
    return value


OPTIONS: tuple[OptionSpec, ...] = specs(Options)
"""All options in the order of `--help`."""
