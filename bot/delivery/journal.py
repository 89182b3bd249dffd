"""What was posted for a job so far, kept in the job's record.

A relay that takes the job over reads it and goes on in the same messages.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from bot.errors import FollowedElsewhere
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import record_no_access

log = logging.getLogger(__name__)


class Journal:
    """The entries of one job; only the relay that holds the job's claim writes them."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self._jobs = jobs
        self.job = job
        self._entries: dict[str, Any] = dict(job.posts)

    @property
    def redis(self) -> Redis:
        """The broker that has the record."""
        return self._jobs.redis

    def get(self, key: str, default: Any) -> Any:
        """Return the entry `key`."""
        return self._entries.get(key, default)

    async def write(self, **entries: Any) -> None:
        """Add or replace entries.

        Raises:
            RedisError: the broker is away; this object has the entries all the same.
            FollowedElsewhere: another relay has taken the job over and posts for it.
        """
        self._entries |= entries
        record = partial(self._jobs.record_posts, follower=self.job.follower)
        if not await asyncio.to_thread(record, self.job.id, self._entries):
            raise FollowedElsewhere(f"job {self.job.id} is followed by another relay")

    async def messages_now(self) -> Sequence[str]:
        """Return the timestamps of the messages that whoever follows the job now has recorded.

        Raises:
            RedisError: the broker is away.
        """
        job = await asyncio.to_thread(self._jobs.get, self.job.id)
        return list(job.posts.get("messages", [])) if job else []

    async def record_no_access(self, reason: str) -> None:
        """Say in the log and in `swallow status` that Slack refuses the bot, and what is kept."""
        log.error(
            "job %s: Slack refuses the bot (%s): its message is kept until the app is installed "
            "again",
            self.job.id,
            reason,
        )
        try:
            await asyncio.to_thread(record_no_access, self.redis, reason)
        except RedisError as error:
            log.warning("job %s: `swallow status` cannot say so: %s", self.job.id, error)
