"""What was posted for a job so far, kept in the job's record.

A relay that takes the job over reads it and goes on in the same messages.
"""

import asyncio
from typing import Any

from tasks.broker.job import Job
from tasks.broker.jobs import Jobs


class Journal:
    """The entries of one job; only the relay that holds the job's claim writes them."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs = jobs
        self.job = job
        self._entries: dict[str, Any] = dict(job.posts)

    def get(self, key: str, default: Any) -> Any:
        """Return the entry `key`."""
        return self._entries.get(key, default)

    async def write(self, **entries: Any) -> None:
        """Add or replace entries.

        Raises:
            RedisError: the broker is away; this object has the entries all the same.
        """
        self._entries |= entries
        await asyncio.to_thread(self._jobs.record_posts, self.job.id, self._entries)
