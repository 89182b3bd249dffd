"""Whether something is handled for the first time, where Slack may deliver it again."""

from redis import Redis

from tasks.broker.leases import take

REPEATS_MS = 24 * 3_600_000
"""Slack delivers again within minutes."""


def first_time(redis: Redis, *what: str) -> bool:
    """Tell whether nobody has asked this about `what` before.

    Raises:
        RedisError: the broker is away.
    """
    key = f"swallow:feedback:handled:{'/'.join(what)}"
    return take(redis, key, REPEATS_MS)
