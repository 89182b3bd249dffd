"""`swallow doctor`: what this machine has, what is missing, and what to do about it."""

import sys

import click

from tasks.commands.terminal.output import as_json, print_json


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check memory, disk, CPU, model, broker, tokens and scopes."""
    from tasks.doctor import examine
    from tasks.settings import settings

    rows = examine(settings())
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            mark = click.style("ok ", fg="green") if row["ok"] else click.style("BAD", fg="red")
            click.echo(f"{mark} {row['check']}: {row['detail']}")
            if row["advice"]:
                click.echo(f"    → {row['advice']}")
    sys.exit(0 if all(row["ok"] for row in rows) else 1)
