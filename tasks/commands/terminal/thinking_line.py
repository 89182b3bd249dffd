"""The line of a terminal that says for how long the model has been thinking.

It stands on standard error, on a terminal only, and goes when the answer begins.
"""

import sys
import time

import click

_CLEAR = "\r\033[K"


class ThinkingLine:
    """One line, rewritten once a second."""

    def __init__(self) -> None:
        self._shown_on = sys.stderr.isatty()
        self._begun: float | None = None
        self._seconds = -1

    def show(self) -> bool:
        """Say that the model thinks, and since when; called as often as one likes.

        Returns false: nobody waits too long who can press Ctrl-C.
        """
        if not self._shown_on:
            return False
        now = time.monotonic()
        if self._begun is None:
            self._begun = now
        seconds = int(now - self._begun)
        if seconds != self._seconds:
            self._seconds = seconds
            click.echo(f"{_CLEAR}Thinking… {seconds} s", nl=False, err=True)
        return False

    def clear(self) -> None:
        """Remove the line."""
        if self._seconds >= 0:
            self._seconds = -1
            click.echo(_CLEAR, nl=False, err=True)
