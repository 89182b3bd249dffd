"""How long a running job may go without a sign of life from its worker, and how often it may.

A worker that runs a job holds a lease on it: an entry in a sorted set whose score is the time at
which the lease expires. The worker's heartbeat renews the lease; a sweep puts every job whose lease
has expired back into the queue, and counts that attempt as lost. This module holds the numbers; the
scripts in `lua/attempts/` apply them. What is no job is taken for a while by `take`.
"""

from uuid import uuid4

from redis import Redis

LEASES = "swallow:leases"
"""The sorted set: ids of running jobs, scored by the end of their lease (ms since the epoch)."""

LEASE_MS = 15_000
TRAINING_LEASE_MS = 60_000
"""Longer, so that a broker that restarts does not cost a training its last minutes."""
RENEW_SECONDS = 5.0
"""How often the heartbeat renews each lease."""
SWEEP_SECONDS = 5.0
"""How often every worker looks for expired leases and for queued jobs without a message."""
MAX_LOST_BESIDE_OTHERS = 2
"""After so many lost attempts a question or a plan is a suspect: it runs alone in its worker. It is
not blamed yet: it may have run beside the one that kills workers, or they were killed from outside.
The first time it is simply tried again, which is quicker for those who ran together."""
MAX_LOST_ALONE = 2
"""So many attempts lost while nothing else ran fail it: what kills its worker must not loop."""
MAX_LOST_TRAINING = 10
"""Counted since the last checkpoint: a training that gets on may lose any number of workers."""
PUBLISH_GRACE_MS = 10_000
"""A queued job published less than this ago is not published again: its message is on the way."""


def take(redis: Redis, key: str, ms: int) -> bool:
    """Take `key` for so many milliseconds; False where somebody has it.

    The client repeats a call whose reply was lost: who took it with the first call has it.

    Raises:
        RedisError: the broker is away.
    """
    mine = uuid4().hex
    return bool(redis.set(key, mine, nx=True, px=ms)) or redis.get(key) == mine
