"""`swallow prepare`: fetch and convert the model ahead of time."""

import click

from tasks.commands.terminal.options import (
    QUALITIES,
    engine_option,
    home_option,
    model_option,
    set_variables,
)


@click.command()
@model_option
@engine_option
@click.option(
    "--quality",
    type=QUALITIES,
    help="Convert to 4 bits with this care, instead of SWALLOW_PRECISION.",
)
@home_option
def prepare(model: str | None, engine: str | None, quality: str | None, home: str | None) -> None:
    """Download and convert the model, so that the first start of a worker is quick.

    Of the qualities, fast is converted soonest, best takes longest and loses least; all are as
    quick at answering. What is interrupted goes on where it stopped.
    """
    set_variables(home=home, model=model, engine=engine)
    from tasks.engines.choose import load_engine
    from tasks.engines.conversion_progress import ProgressBar
    from tasks.engines.estimate import weights
    from tasks.settings import Settings, checked, settings

    configured = checked(Settings).precision
    set_variables(precision=quality)
    bar = ProgressBar()
    try:
        loaded = load_engine(settings(), bar)
    finally:
        bar.close()
    click.echo(f"{loaded.model} is ready for the {loaded.name} engine.")
    if loaded.name == "openvino" and (said := weights(settings())) is not None:
        click.echo(f"Its weights: {said}.")
    if quality is None:
        return
    if loaded.name != "openvino":
        click.echo("That engine converts nothing: --quality made no difference.")
    elif configured != quality:
        click.echo(f"Set SWALLOW_PRECISION={quality}, so that workers use this quality.")
