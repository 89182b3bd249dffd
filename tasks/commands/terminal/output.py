"""How commands print: tables for people, JSON for programs."""

import json
import time
from collections.abc import Sequence
from typing import Any

import click

from trainer.progress.duration import duration

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: Any) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print rows under column names, or a sentence where there are none."""
    if not rows:
        click.echo(empty)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def age(milliseconds: int) -> str:
    """Return how long ago a time in milliseconds since the epoch was, such as `3 min`."""
    if not milliseconds:
        return "-"
    return duration(time.time() - milliseconds / 1000, most=1)
