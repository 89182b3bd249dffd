"""Claims on jobs that must be answered in Slack: each job is claimed by one relay at a time.

The claims are a consumer group over the stream of created jobs. A relay renews the claims it holds;
a claim that was not renewed for 30 s is taken over by the next relay that asks. A claim is deleted
when its job got its final message. New claims are read by scripts: where the reply is lost and the
client repeats the call, the same claims come again. While the bot itself is refused where it
answers, its claims are kept, and the reason is written down beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

from tasks.broker.jobs import Jobs

RELAY = "swallow:relay"
"""The stream: an entry for each job, added when the job is created."""
GROUP = "relays"
RENEW_CLAIM_SECONDS = 10.0
TAKE_OVER_MS = 30_000
PAGE = 50
"""How many claims are read at once."""
MAX_DELIVERIES = 20
"""A claim that was delivered more often than this without one renewal cannot be followed: who has
it gives its job up and says so."""
NO_ACCESS_MS = 120_000
"""Longer than the pause between two tries, and than that between two starts of a bot."""

_NO_ACCESS = "swallow:relay:no_access"


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

    def pending(self) -> list[Claim]:
        """Return the claims that a relay of this name held before, as after a crash."""
        found: list[Claim] = []
        while page := self._pending_after(found[-1].entry if found else "0"):
            found += page
        return found

    def claim_new(self) -> list[Claim]:
        """Claim the jobs that no relay has claimed yet."""
        found: list[Claim] = []
        while page := _in_turn(self.jobs.run_script("claim_new", self.consumer, PAGE)):
            found += page
        return found

    def take_over_expired(self) -> list[Claim]:
        """Take over the claims that their relay has not renewed for 30 s."""
        self.jobs.run_script("date_claims")
        found: list[Claim] = []
        start = "0-0"
        while True:
            # One call looks at ten times as many claims as it may take, and says where it stopped.
            start, *claims = self.jobs.run_script(
                "take_over", self.consumer, TAKE_OVER_MS, PAGE, start
            )
            found += _in_turn(claims)
            if start == "0-0":
                return found

    def renew(self, claims: Sequence[Claim]) -> list[Claim]:
        """Keep claims for another 30 s; returns those that this relay does not have any more.

        One call for all: where each reply takes a while, a hundred calls would take too long.
        """
        entries = [claim.entry for claim in claims]
        lost = self.jobs.run_script("renew_claims", self.consumer, *entries) if entries else []
        return [claim for claim in claims if claim.entry in lost]

    def deliveries(self, claim: Claim) -> int | None:
        """Return how often a claim was given to a relay since it was last renewed.

        None where this relay does not have it any more.
        """
        pending = self.redis.xpending_range(RELAY, GROUP, min=claim.entry, max=claim.entry, count=1)
        for row in cast(Any, pending):
            if row["consumer"] == self.consumer:
                return int(row["times_delivered"])
        return None

    def is_open(self, claim: Claim) -> bool:
        """Tell whether the job of a claim is still to get its final message, from any relay."""
        return bool(self.redis.xrange(RELAY, min=claim.entry, max=claim.entry))

    def complete(self, claim: Claim, revision: int = 0) -> bool:
        """Delete a claim whose job got its final message.

        False where what was asked is not that of `revision` any more: its answer is to come.
        """
        return bool(self.jobs.run_script("complete_claim", claim.entry, claim.job, revision))

    def _pending_after(self, entry: str) -> list[Claim]:
        streams = self.redis.xreadgroup(GROUP, self.consumer, {RELAY: entry}, count=PAGE)
        return [claim for _, entries in cast(Any, streams) for claim in _claims(entries)]


def _in_turn(reply: list[str]) -> list[Claim]:
    return [Claim(*pair) for pair in zip(reply[::2], reply[1::2], strict=True)]


def _claims(entries: Any) -> list[Claim]:
    # An entry that was deleted from the stream has no fields.
    return [Claim(entry, fields["job"]) for entry, fields in entries if fields]


def record_no_access(redis: Redis, reason: str) -> None:
    """Write down why the bot is refused; forgotten after two minutes unless written again."""
    redis.set(_NO_ACCESS, reason, px=NO_ACCESS_MS)


def no_access(redis: Redis) -> str:
    """Return why the bot is refused now; empty where it is not."""
    return str(redis.get(_NO_ACCESS) or "")


def unanswered(redis: Redis) -> int:
    """Count the claims: the jobs without their final message."""
    return int(cast(Any, redis.xlen(RELAY)))
