"""What a bot looks at by itself: is there a worker, has its own disk room?

Between wrong and well there is a middle in which nothing is decided, so that a worker that starts
again, or a disk at the limit, does not alert at every look.
"""

import shutil
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.broker.workers import Workers, answering

NO_WORKER_SECONDS = 60.0
"""How long there must be no worker: one that died is started again within this time."""
LOW_DISK_BYTES = 1_000_000_000
ENOUGH_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or well; `values` are for its sentence."""

    name: str
    wrong: bool
    values: dict[str, Any] = field(default_factory=dict)


class Conditions:
    """Looked at again and again by one bot."""

    def __init__(self, workers: Workers, home: Path) -> None:
        self._workers = workers
        self._home = home
        self._missing_since: float | None = None

    def look(self) -> list[Finding]:
        """Return what is wrong and what is well now; what is neither is left out.

        Raises:
            RedisError: the broker is away, so that nobody knows of workers.
        """
        return [*self._disk(), *self._worker()]

    def _worker(self) -> list[Finding]:
        since, self._missing_since = self._missing_since, None
        if answering(self._workers.all()):
            return [Finding("worker", wrong=False)]
        now = time.monotonic()
        self._missing_since = now if since is None else since
        if now - self._missing_since < NO_WORKER_SECONDS:
            return []
        return [Finding("worker", wrong=True)]

    def _disk(self) -> list[Finding]:
        host, free = socket.gethostname(), free_bytes(self._home)
        if LOW_DISK_BYTES <= free < ENOUGH_DISK_BYTES:
            return []
        values = {"host": host, "free": free}
        return [Finding(f"disk:{host}", wrong=free < LOW_DISK_BYTES, values=values)]


def free_bytes(folder: Path) -> int:
    """Return the room on the disk of `folder`, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
