"""The options that several commands share: they stand for `SWALLOW_…` variables."""

import os
from pathlib import Path

import click

ENGINES = click.Choice(["auto", "openvino", "transformers"])

home_option = click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), help="Instead of SWALLOW_HOME."
)
model_option = click.option("--model", help="Model folder, .gguf file or hub id.")
engine_option = click.option("--engine", type=ENGINES, help="What generates text.")


def set_variables(**values: object) -> None:
    """Set the `SWALLOW_…` variables of the given options, for this process and its children.

    An option that was not given (None) leaves its variable as it is.
    """
    for name, value in values.items():
        if value is not None:
            os.environ[f"SWALLOW_{name.upper()}"] = str(value)
