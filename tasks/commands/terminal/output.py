"""How commands print: tables for people, JSON for programs."""

import json
import time
from collections.abc import Sequence
from typing import Any

import click

from trainer.progress.duration import duration

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


_CONTROLS = [*range(32), *range(127, 160)]
"""What a terminal obeys instead of showing it."""
_SHOWN = {code: "\ufffd" for code in _CONTROLS if chr(code) not in "\n\t"}
_ESCAPED = {code: f"\\u{code:04x}" for code in _CONTROLS if code > 32}


def printable(text: str) -> str:
    """Return what somebody wrote with a mark in place of control characters: it is data."""
    return text.translate(_SHOWN)


def print_json(value: Any) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2).translate(_ESCAPED))


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
        table.add_row(*(Text(printable(str(cell))) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def age(milliseconds: int) -> str:
    """Return how long ago a time in milliseconds since the epoch was, such as `3 min`."""
    if not milliseconds:
        return "-"
    return duration(time.time() - milliseconds / 1000, most=1)
