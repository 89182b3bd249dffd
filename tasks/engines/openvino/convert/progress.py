"""Telling how far a conversion is: in the log, or as a bar on a terminal."""

import logging
from typing import Any

import click

log = logging.getLogger(__name__)


class Tenths:
    """Logs every tenth of the work."""

    def __init__(self) -> None:
        self._told = -1

    def __call__(self, done: int, total: int) -> None:
        """Take how many of how many weights are packed."""
        tenth = 10 * done // total
        if tenth > self._told:
            self._told = tenth
            log.info("converting the model: %d %%", 10 * tenth)


class Bar:
    """Draws a bar, from the first time it is told something; close it at the end."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._done = 0

    def __call__(self, done: int, total: int) -> None:
        """Take how many of how many weights are packed."""
        if self._bar is None:
            self._bar = click.progressbar(length=total, label="Converting")
            self._bar.__enter__()
        self._bar.update(done - self._done)
        self._done = done

    def close(self) -> None:
        """Leave the bar as it is and go on below it."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
