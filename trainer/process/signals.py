"""SIGTERM and SIGINT: a wish to stop while training, an interruption at once before and after.

It does not know what is trained, only under which id it can be continued.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupted(Exception):
    """A signal asked to stop; the training `id`, if it had one yet, can be resumed."""

    def __init__(self, training: str) -> None:
        super().__init__(
            f"Interrupted; continue it with --resume {training}."
            if training
            else "Interrupted before the training began."
        )
        self.training = training


class Signals:
    """What was asked for so far; while `patient`, signals only set `asked`."""

    def __init__(self) -> None:
        self.training = ""
        self.asked = False
        self._patient = False

    def _handle(self, number: int, frame: Any) -> None:
        self.asked = True
        if not self._patient:
            raise Interrupted(self.training)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Handle the signals inside the block, and as before after it."""
        wanted = (signal.SIGTERM, signal.SIGINT)
        before = {one: signal.signal(one, self._handle) for one in wanted}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Only note signals inside the block; whoever works there looks at `asked`."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False
