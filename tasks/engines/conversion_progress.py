"""Progress of work on weights: a line in the log for each tenth, or a bar on a terminal."""

import logging
from collections.abc import Callable
from typing import Any

import click

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with how many weights are packed, of how many."""


class LogProgress:
    """Logs every tenth of the work."""

    def __init__(self) -> None:
        self._logged_tenth = -1

    def __call__(self, done: int, total: int) -> None:
        """Log where another tenth is reached; `done` of `total` weights are packed."""
        tenth = 10 * done // total
        if tenth > self._logged_tenth:
            self._logged_tenth = tenth
            log.info("converting the model: %d %%", 10 * tenth)


class ProgressBar:
    """Draws a bar on the terminal, from the first call on; it must be closed at the end."""

    def __init__(self, label: str = "Converting") -> None:
        self._label = label
        self._bar: Any = None
        self._done = 0

    def __call__(self, done: int, total: int) -> None:
        """Move the bar; `done` of `total` weights are worked on."""
        if self._bar is None:
            self._bar = click.progressbar(length=total, label=self._label)
            self._bar.__enter__()
        self._bar.update(done - self._done)
        self._done = done

    def close(self) -> None:
        """Leave the bar as it is; what follows is printed below it."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
