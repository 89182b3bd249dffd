"""`swallow prepare`: fetch and convert the model ahead of time."""

import click

from tasks.commands.terminal.options import engine_option, home_option, model_option, set_variables


@click.command()
@model_option
@engine_option
@home_option
def prepare(model: str | None, engine: str | None, home: str | None) -> None:
    """Download and convert the model, so that the first start of a worker is quick."""
    set_variables(home=home, model=model, engine=engine)
    from tasks.engines.choose import load_engine
    from tasks.engines.conversion_progress import ProgressBar
    from tasks.settings import settings

    bar = ProgressBar()
    try:
        loaded = load_engine(settings(), bar)
    finally:
        bar.close()
    click.echo(f"{loaded.model} is ready for the {loaded.name} engine.")
