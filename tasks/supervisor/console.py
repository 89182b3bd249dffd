"""The output of `swallow up`: each line with the time and the name of the process that wrote it."""

import time

import click

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
    colour = _COLOURS[sum(name.encode()) % len(_COLOURS)]
    clock = click.style(time.strftime("%H:%M:%S"), dim=True)
    click.echo(f"{clock} {click.style(f'{name:<9}', fg=colour)} {line}")
