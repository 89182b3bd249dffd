"""When a training is paused so that a question is answered, and when it runs all the same."""

import time
from collections.abc import Callable

WINDOW_SECONDS = 600.0
MIN_RUNNING_SECONDS = 60.0
"""Training runs at least this long in every window, or it would never end on a busy host."""


class PausePolicy:
    """Decides whether to pause; asked repeatedly, it counts the seconds for which it said yes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._window_began = self._asked_at = clock()
        self._paused_seconds = 0.0
        self._paused = False

    def should_pause(self, busy: bool) -> bool:
        """Tell whether the training should be paused now, on a host that is `busy` or not."""
        now = self._clock()
        if self._paused:
            self._paused_seconds += now - self._asked_at
        if now - self._window_began >= WINDOW_SECONDS:
            self._window_began, self._paused_seconds = now, 0.0
        self._asked_at = now
        self._paused = busy and self._paused_seconds < WINDOW_SECONDS - MIN_RUNNING_SECONDS
        return self._paused
