"""What was posted for a job so far, kept in the job's record for whoever goes on with it."""

import asyncio
from typing import Any

from tasks.broker.job import Job
from tasks.broker.jobs import Jobs


class Notes:
    """The notes of one job; only the relay that holds the job's claim writes them."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs = jobs
        self.job = job
        self._noted: dict[str, Any] = dict(job.posts)

    def get(self, key: str, default: Any) -> Any:
        """Return what was noted under `key`."""
        return self._noted.get(key, default)

    async def put(self, **changes: Any) -> None:
        """Note changes."""
        self._noted |= changes
        await asyncio.to_thread(self._jobs.record_posts, self.job.id, self._noted)
