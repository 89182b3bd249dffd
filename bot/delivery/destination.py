"""Where the messages of a job go: a thread, or a channel itself."""

from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from tasks.broker.job import Job

CLOCKS_APART = 60
"""Seconds that Slack's clock and the broker's may differ when a message is looked for by time."""


@dataclass(frozen=True)
class Destination:
    """A conversation; without `thread_ts` messages go into the channel. `since`: look from here."""

    channel: str
    thread_ts: str
    since: str

    @classmethod
    def of(cls, job: Job) -> "Destination":
        """Return where `job` was asked."""
        started = f"{job.created / 1000 - CLOCKS_APART:.6f}"
        asked = job.destination
        return cls(asked["channel"], asked.get("thread_ts", ""), asked.get("ts") or started)

    async def pages(self, client: AsyncWebClient) -> Any:
        """Return the pages of messages here since the job was asked, with their metadata."""
        if self.thread_ts:
            return await client.conversations_replies(
                channel=self.channel,
                ts=self.thread_ts,
                oldest=self.since,
                limit=200,
                include_all_metadata=True,
            )
        return await client.conversations_history(
            channel=self.channel, oldest=self.since, limit=200, include_all_metadata=True
        )
