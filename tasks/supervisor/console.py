"""The output of `swallow up`: each line with the time and the name of the process that wrote it.

With `SWALLOW_LOG=json` each line is a JSON object instead.
"""

import time

import click

from tasks.log_lines.relay import json_line
from tasks.settings import settings
from trainer.process import standard_output

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue")

_NOISE = (
    # Advice for large servers that means nothing for a broker of a few megabytes.
    "Memory overcommit must be enabled",
    # What Celery and Valkey log when they are stopped on purpose.
    "Warm shutdown (MainProcess)",
    "Received SIGTERM scheduling shutdown",
    "is now ready to exit",
)


def say(name: str, line: str) -> None:
    """Print a line of the process called `name`, unless it is empty or of no use to anybody."""
    if not line.strip() or any(noise in line for noise in _NOISE):
        return
    if settings().log == "json":
        click.echo(json_line(name, line))
        return
    colour = _COLOURS[sum(name.encode()) % len(_COLOURS)]
    clock = click.style(time.strftime("%H:%M:%S"), dim=True)
    text = f"{clock} {click.style(f'{name:<9}', fg=colour)} {line}"
    click.echo(text, color=standard_output.is_terminal(1))
