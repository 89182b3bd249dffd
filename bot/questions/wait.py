"""How long a question waits until its answer begins, from how long answers take of late.

Pure functions over the records of open questions and of workers.
"""

import heapq
import math
from collections.abc import Sequence

from tasks.broker.job import JobState
from tasks.broker.workers import Worker

OVERDUE_SHARE = 0.25
"""A running answer that takes long is taken to need at least this part of its time so far again."""


def seconds_until_begun(
    ahead: Sequence[JobState], workers: Sequence[Worker], now: float
) -> float | None:
    """Return how long until a question begins that waits behind the open questions `ahead`.

    `now` is in seconds since the epoch. None where no worker has answered yet, or a place is free.
    """
    measured = [worker.answer_seconds for worker in workers if worker.answer_seconds]
    places = sum(worker.parallel for worker in workers if worker.state == "ready")
    if not measured or not places:
        return None
    takes = sum(measured) / len(measured)
    running = [job for job in ahead if job.state == "running"]
    so_far = [now - job.started / 1000 for job in running]
    left = sorted(max(takes - seconds, OVERDUE_SHARE * seconds) for seconds in so_far)
    free = left[-places:] + [0.0] * (places - len(left))
    heapq.heapify(free)
    for _ in range(len(ahead) - len(running)):
        heapq.heapreplace(free, free[0] + takes)
    return free[0] or None


def rounded(seconds: float) -> float:
    """Return a wait as it is told: in fives of seconds, above a minute in tens, then in minutes."""
    step = 5 if seconds <= 60 else 10 if seconds <= 180 else 60
    return step * max(1, math.ceil(seconds / step))
