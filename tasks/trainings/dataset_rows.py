"""The data sets that a form offers, with their numbers of rows.

Rows are counted as a training reads them. A form cannot wait: large files, and what time does not
suffice for, are listed without a number. Nothing is fetched.
"""

import time
from dataclasses import dataclass
from functools import lru_cache

from redis import Redis

from tasks.settings import Settings
from tasks.trainings.datasets import FEEDBACK, SAMPLE, known, source_of
from tasks.trainings.feedback_rows import rows_to_learn
from trainer.data.dataset import read
from trainer.data.sources import files_of, name_of
from trainer.errors import DataUnusable
from trainer.files import expanded

MOST_BYTES = 20_000_000
"""Of larger data no rows are counted: the 15,000 rows of a common one are 12 MB, read in 0.5 s."""


@dataclass(frozen=True)
class ListedDataset:
    """A data set: `name` in a request for a training, empty for the default one without a name.

    `rows` is None where they were not counted.
    """

    name: str
    title: str
    rows: int | None


def listed(
    settings: Settings, redis: Redis, seconds: float, *, own_home: bool
) -> list[ListedDataset]:
    """Return the data sets, the default one first.

    Counting goes on for `seconds`. Without `own_home` the folder of data sets is another host's,
    and only those that every host has are listed. Feedback is listed where it is collected.

    Raises:
        RedisError: the broker is away.
    """
    deadline = time.monotonic() + seconds
    names = known(settings) if own_home else [FEEDBACK, SAMPLE]
    if settings.feedback != "on":
        names.remove(FEEDBACK)
    sources = {name: source_of(name, settings) for name in names}
    default = settings.train_data if own_home else ""
    first = next((name for name, source in sources.items() if source == default), "")
    ordered = [first, *(name for name in names if name != first)]
    return [
        ListedDataset(
            name,
            title=name or (name_of(default) if default else ""),
            rows=_rows(sources.get(name, default), settings, redis, deadline),
        )
        for name in ordered
    ]


def _rows(source: str, settings: Settings, redis: Redis, deadline: float) -> int | None:
    try:
        if source == FEEDBACK:
            return len(rows_to_learn(redis, settings.home))
        if not _is_local(source) or time.monotonic() > deadline:
            return None
        files = files_of(source)
        if not all(file.is_file() for file in files):
            return None  # a pipe would never end
        stats = [file.stat() for file in files]
        if sum(stat.st_size for stat in stats) > MOST_BYTES:
            return None
        return _counted(source, tuple((stat.st_mtime_ns, stat.st_size) for stat in stats))
    except (DataUnusable, OSError):
        return None  # the plan will say what is wrong with it


def _is_local(source: str) -> bool:
    return source == SAMPLE or (bool(source) and expanded(source).exists())


@lru_cache(maxsize=256)
def _counted(source: str, versions: tuple[tuple[int, int], ...]) -> int:
    """Return the rows of `source`, whose files have these times and sizes, read once."""
    return len(read(source).rows)
