"""From a training's request to the command line of `python -m trainer`.

A request holds names and numbers; which file a dataset's name stands for is decided here, on the
host that trains.
"""

from collections.abc import Mapping
from typing import Any

from tasks.settings import Settings
from tasks.trainings.datasets import source_of

FLAGS = {
    "num_epochs": "--num-epochs",
    "learning_rate": "--learning-rate",
    "lora_r": "--lora-r",
    "lora_alpha": "--lora-alpha",
    "lora_dropout": "--lora-dropout",
    "cutoff_len": "--cutoff-len",
    "batch_size": "--batch-size",
    "micro_batch_size": "--micro-batch-size",
    "val_set_size": "--val-set-size",
    "seed": "--seed",
}
"""What may be chosen from Slack, beside the data and the output's name."""


def arguments(options: Mapping[str, Any], settings: Settings) -> list[str]:
    """Return the arguments that say what to train.

    Raises:
        DatasetUnknown: there is no data of that name here.
    """
    values = {
        "--data-path": source_of(str(options.get("data", "")), settings),
        "--output-dir": str(options.get("output", "output")),
        "--base-model": settings.model,
        "--style": settings.style,
        "--threads": settings.threads,
        "--checkpoint-minutes": settings.checkpoint_minutes,
    } | {flag: options.get(name) for name, flag in FLAGS.items()}
    # `--flag=value`, so that a value that begins with a dash is still one.
    given = [f"{flag}={value}" for flag, value in values.items() if value is not None]
    return [*given, f"--home={settings.home}"]
