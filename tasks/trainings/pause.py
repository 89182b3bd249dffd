"""When a training stands still so that a question is answered, and when it goes on all the same."""

import time
from collections.abc import Callable

WINDOW_SECONDS = 600.0
LEAST_SECONDS = 60.0
"""Training gets at least this much of every window, or it would never end on a busy host."""


class Hold:
    """The decision, asked again and again; it counts the seconds for which it said yes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._window = self._asked = clock()
        self._held = 0.0
        self._holding = False

    def wanted(self, busy: bool) -> bool:
        """Tell whether the training should stand still now, on a host that is `busy` or not."""
        now = self._clock()
        if self._holding:
            self._held += now - self._asked
        if now - self._window >= WINDOW_SECONDS:
            self._window, self._held = now, 0.0
        self._asked = now
        self._holding = busy and self._held < WINDOW_SECONDS - LEAST_SECONDS
        return self._holding
