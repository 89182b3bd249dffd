"""The options that several commands share: they stand for `SWALLOW_…` variables."""

import os
from pathlib import Path

import click

from tasks.listen_address import listen_address

ENGINES = click.Choice(["auto", "openvino", "transformers"])
QUALITIES = click.Choice(["fast", "balanced", "best"])

home_option = click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), help="Instead of SWALLOW_HOME."
)
model_option = click.option("--model", help="Model folder, .gguf file or hub id.")
engine_option = click.option("--engine", type=ENGINES, help="What generates text.")


def listen_address_option(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    """Read the value of an option that takes an address to listen at."""
    if value is None:
        return None
    try:
        return listen_address(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: {error}.") from None


metrics_option = click.option(
    "--metrics",
    metavar="[ADDRESS:]PORT",
    callback=listen_address_option,
    help="Serve metrics for Prometheus there; without an address on 127.0.0.1 only.",
)


def set_variables(**values: object) -> None:
    """Set the `SWALLOW_…` variables of the given options, for this process and its children.

    An option that was not given (None) leaves its variable as it is.
    """
    for name, value in values.items():
        if value is not None:
            os.environ[f"SWALLOW_{name.upper()}"] = str(value)
