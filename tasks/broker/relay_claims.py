"""Claims on jobs that must be answered somewhere: each is held by one relay at a time.

A consumer group over the stream of created jobs. A relay renews what it holds; what was not renewed
for 30 s is taken over by whoever asks next, and is forgotten once it is done.
"""

from dataclasses import dataclass
from typing import Any, cast

from redis.exceptions import ResponseError

from tasks.broker.jobs import RELAY, Jobs

GROUP = "relays"
KEEP_SECONDS = 10.0
TAKE_OVER_MS = 30_000
MAX_DELIVERIES = 20
"""A claim that fails this often belongs to something broken and is given up."""


@dataclass(frozen=True)
class Claim:
    """The right and duty to answer `job`; `entry` is its id in the stream."""

    entry: str
    job: str


class Claims:
    """The claims of one relay, called `consumer`; two relays never share a name."""

    def __init__(self, jobs: Jobs, consumer: str) -> None:
        self.jobs = jobs
        self.redis = jobs.redis
        self.consumer = consumer

    def prepare(self) -> None:
        """Create the group where it is missing; jobs created before it are included."""
        try:
            self.redis.xgroup_create(RELAY, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def own(self) -> list[Claim]:
        """Return what this name held before, as after a crash."""
        return self._read("0")

    def new(self) -> list[Claim]:
        """Claim the jobs that nobody has claimed yet."""
        return self._read(">")

    def abandoned(self) -> list[Claim]:
        """Take over what its relay has not renewed for 30 s."""
        self._give_up_hopeless()
        found = self.redis.xautoclaim(
            RELAY, GROUP, self.consumer, min_idle_time=TAKE_OVER_MS, start_id="0-0", count=50
        )
        return _claims(cast(Any, found)[1])

    def keep(self, claim: Claim) -> bool:
        """Renew; False where another relay has taken over."""
        return bool(self.jobs.run_script("keep_claim", claim.entry, self.consumer))

    def done(self, claim: Claim) -> None:
        """Forget a claim whose job got its final message."""
        with self.redis.pipeline() as pipe:
            pipe.xack(RELAY, GROUP, claim.entry)
            pipe.xdel(RELAY, claim.entry)
            pipe.execute()

    def _read(self, start: str) -> list[Claim]:
        found = self.redis.xreadgroup(GROUP, self.consumer, {RELAY: start}, count=50)
        return [claim for _, entries in cast(Any, found) for claim in _claims(entries)]

    def _give_up_hopeless(self) -> None:
        pending = self.redis.xpending_range(RELAY, GROUP, min="-", max="+", count=100)
        for row in cast(Any, pending):
            if row["times_delivered"] > MAX_DELIVERIES:
                entry = row["message_id"]
                found = self.redis.xrange(RELAY, min=entry, max=entry)
                for claim in _claims(cast(Any, found)):
                    self.jobs.drop(claim.job, "failed", {"reason": "internal"})
                self.done(Claim(entry, ""))


def _claims(entries: Any) -> list[Claim]:
    return [Claim(entry, fields["job"]) for entry, fields in entries if fields]
