"""SIGTERM and SIGINT during a training: a request to stop, honoured at once or at a safe place.

While the training loop runs, a signal is only recorded, and the loop stops where it can be resumed.
Before and after the loop, a signal ends the training at once by an exception. This module does not
know what is trained, only the id to resume it by.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class StopRequested(Exception):
    """A signal asked to stop; `training` is the id to resume, empty if no folder was made yet."""

    def __init__(self, training: str) -> None:
        super().__init__(
            f"Interrupted; continue it with --resume {training}."
            if training
            else "Interrupted before the training began."
        )
        self.training = training


class Signals:
    """Whether a stop was requested so far; `training` is the id that the exception carries."""

    def __init__(self) -> None:
        self.training = ""
        self.stop_requested = False
        self._deferred = False

    def _handle(self, number: int, frame: Any) -> None:
        # Only the first one raises: a second must not break into what ends the training.
        first, self.stop_requested = not self.stop_requested, True
        if first and not self._deferred:
            raise StopRequested(self.training)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Handle SIGTERM and SIGINT inside the block; restore the previous handlers after it.

        Raises:
            StopRequested: a signal arrived, and not inside `deferred`.
        """
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Only record signals inside the block, whose code must check `stop_requested`."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
