"""`swallow doctor`: what this machine has, what is missing, and what to do about it."""

import sys

import click

from tasks.commands.terminal.output import as_json, print_json


@click.command()
@click.option(
    "--model", help="Only say what this model would take here: a folder, .gguf file or hub id."
)
@as_json
def doctor(model: str | None, as_json: bool) -> None:
    """Check memory, disk, CPU, model, broker, tokens and scopes."""
    from tasks.settings import settings

    if model is None:
        from tasks.doctor import examine

        rows = examine(settings())
    else:
        from tasks.doctor import cpu_row
        from tasks.model_checks import model_rows

        chosen = settings().model_copy(update={"model": model})
        rows = [cpu_row(), *model_rows(chosen, asked_for=True)]
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            mark = click.style("ok ", fg="green") if row["ok"] else click.style("BAD", fg="red")
            click.echo(f"{mark} {row['check']}: {row['detail']}")
            if row["advice"]:
                click.echo(f"    → {row['advice']}")
    sys.exit(0 if all(row["ok"] for row in rows) else 1)
