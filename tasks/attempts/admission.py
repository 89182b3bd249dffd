"""Which jobs may begin in this worker now: any number side by side, or one alone.

While a job waits to be alone or is, nothing else begins here, so that it waits no longer than what
runs already; what is turned away goes back into the queue, for other workers or for later. Only one
job at a time waits to be alone: several suspects do not wait for each other.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.broker.job import Kind

WANTED_SECONDS = 1.0
"""How often a job that waits to be alone is looked at: another worker may have taken it."""


class Admission:
    """The places of one worker; used by all of its threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False
        self._closed: set[Kind] = set()

    def takes(self, kind: Kind) -> bool:
        """Tell whether a job of `kind` could begin now, or wait to be alone."""
        return not self._alone and kind not in self._closed

    def close(self, kind: Kind) -> None:
        """Let no job of `kind` begin; what runs goes on."""
        with self._changed:
            self._closed.add(kind)

    def open(self, kind: Kind) -> None:
        """Let jobs of `kind` begin again."""
        with self._changed:
            self._closed.discard(kind)

    @contextmanager
    def place(self, kind: Kind, *, alone: bool, wanted: Callable[[], bool]) -> Iterator[bool]:
        """Yield whether a job may begin; its place is kept until the body ends.

        One that is to be `alone` waits until nothing else runs, as long as it is `wanted`.
        """
        if not self._reserve(kind, alone):
            yield False
            return
        try:
            yield not alone or self._quiet(wanted)
        finally:
            self._leave(alone)

    def _reserve(self, kind: Kind, alone: bool) -> bool:
        with self._changed:
            if not self.takes(kind):
                return False
            self._inside += 1
            self._alone = alone
            return True

    def _quiet(self, wanted: Callable[[], bool]) -> bool:
        while wanted():
            with self._changed:
                if self._changed.wait_for(lambda: self._inside == 1, WANTED_SECONDS):
                    return True
        return False

    def _leave(self, alone: bool) -> None:
        with self._changed:
            self._inside -= 1
            if alone:
                self._alone = False
            self._changed.notify_all()
