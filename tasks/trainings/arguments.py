"""From a request for a training to the command line of `python -m trainer`.

A request holds names and numbers only. The host that trains decides here which file the name of a
dataset stands for.
"""

from collections.abc import Mapping
from typing import Any

from tasks.settings import Settings
from tasks.trainings.datasets import source_of
from trainer.planning.options import OPTIONS


def arguments(options: Mapping[str, Any], settings: Settings) -> list[str]:
    """Return the arguments that say what to train.

    Raises:
        DatasetUnknown: this host has no dataset of that name.
    """
    values = {
        "--data-path": source_of(str(options.get("data", "")), settings),
        "--output-dir": str(options.get("output", "output")),
        "--base-model": settings.model,
        "--style": settings.style,
        "--threads": settings.threads,
        "--checkpoint-minutes": settings.checkpoint_minutes,
    } | {spec.flag: options.get(spec.name) for spec in OPTIONS if spec.chat_name}
    # `--flag=value`, so that a value that begins with a dash is not read as a flag.
    given = [f"{flag}={value}" for flag, value in values.items() if value is not None]
    return [*given, f"--home={settings.home}"]
