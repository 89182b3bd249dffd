"""Where the messages of a job go: a thread, or a channel itself."""

from dataclasses import dataclass

from tasks.broker.job import Job

CLOCK_TOLERANCE_SECONDS = 86_400
"""How far Slack's clock and ours may differ when a message is looked for by time: a host may take
its local time for UTC."""


@dataclass(frozen=True)
class Destination:
    """A conversation of Slack; timestamps are Slack's, in seconds with six decimals.

    Without `thread_ts` messages go into the channel. No message of the job is older than `since`.
    """

    channel: str
    thread_ts: str
    since: str

    @classmethod
    def of(cls, job: Job) -> "Destination":
        """Return where `job` was asked."""
        asked_at = f"{job.created / 1000 - CLOCK_TOLERANCE_SECONDS:.6f}"
        asked = job.destination
        return cls(asked["channel"], asked.get("thread_ts", ""), asked.get("ts") or asked_at)
