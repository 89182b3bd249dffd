"""Removing rows of feedback for good: from the broker, from job records and from a home's files.

Where trainings run on other hosts, their workers do the same with the files of theirs. Weights that
learned from a row stay: the adapters are named to whoever removes it.
"""

import logging
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tasks.blind.store import Blind
from tasks.broker.jobs import Jobs
from tasks.feedback import job_records
from tasks.feedback.row_files import AdapterOfRows, adapters_of, drop_rows
from tasks.feedback.store import Feedback
from trainer.errors import NotWritable

log = logging.getLogger(__name__)

SWEEP_SECONDS = 60.0
"""Between two looks at what was removed."""
LATE_MS = 15 * 60_000
"""A training that read its rows before one was removed has written its files by then."""


@dataclass(frozen=True)
class Removal:
    """What was removed: the rows that were there, and the files that carried some."""

    ids: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    adapters: tuple[AdapterOfRows, ...] = ()
    """What has learned from them, or was examined on them, and stays."""


def remove(jobs: Jobs, ids: Iterable[str], home: Path, by: str) -> Removal:
    """Remove rows for `by`, also from files and records that still carry one the broker has not.

    Again, it finds nothing and is safe.

    Raises:
        RedisError: the broker is away, or its disk did not take it in time.
        NotWritable: a file of `home` cannot be replaced.
    """
    given = list(ids)
    return _everywhere(jobs, given, Feedback(jobs.redis).remove(given), home, by)


def remove_person(jobs: Jobs, person: str, home: Path, by: str) -> Removal:
    """Remove the rows that `person` proposed, or that hold their words; raises as `remove`."""
    removed = Feedback(jobs.redis).remove_person(person)
    # Who wants to be forgotten is not named in the files.
    return _everywhere(jobs, removed, removed, home, "" if by == person else by)


def _everywhere(
    jobs: Jobs, ids: Collection[str], removed: Iterable[str], home: Path, by: str
) -> Removal:
    if not ids:
        return Removal()
    ids = frozenset(ids)
    job_records.drop_rows(jobs, ids, by)
    Blind(jobs.redis).drop_rows(ids)
    files = drop_rows(home, ids, by)
    return Removal(tuple(removed), tuple(files), tuple(adapters_of(home, ids)))


class HomeSweep(threading.Thread):
    """Keeps removed rows out of the files of one home, whoever removed them and on which host."""

    def __init__(self, redis: Redis, home: Path) -> None:
        super().__init__(name="feedback", daemon=True)
        self._feedback = Feedback(redis)
        self._home = home
        self._ended = threading.Event()
        self._since = 0

    def run(self) -> None:
        """Sweep now, and again each minute until `end` is called."""
        while True:
            try:
                self.sweep()
            except (RedisError, NotWritable) as error:
                log.warning("removed rows are still to leave this home: %s", type(error).__name__)
            if self._ended.wait(SWEEP_SECONDS):
                return

    def end(self) -> None:
        """Sweep no more."""
        self._ended.set()

    def sweep(self) -> None:
        """Remove from the files what was removed since the last time, or shortly before it.

        Raises:
            RedisError: the broker is away.
            NotWritable: a file cannot be replaced.
        """
        seconds, _ = self._feedback.redis.time()
        ids = frozenset(self._feedback.removed(self._since))
        if ids:
            drop_rows(self._home, ids)
        self._since = seconds * 1000 - LATE_MS
