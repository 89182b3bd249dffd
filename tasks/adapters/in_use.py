"""Which adapter answers where: a channel's own, else the default one, else the base model.

The choice is two keys in the broker, for all hosts: the default for everybody, and a hash of the
channels that have an adapter of their own. A question takes its adapter when it is stored
(`create.lua` reads the same keys); direct messages take the default. Knows no files.
"""

import re
from typing import cast

from redis import Redis

from tasks.broker.jobs import ADAPTER, CHANNEL_ADAPTERS

_CHANNEL = re.compile(r"[CG][A-Z0-9]{1,30}")


def is_channel(id: str) -> bool:
    """Tell whether `id` may be a channel's in Slack: C… or, for some private ones, G…."""
    return _CHANNEL.fullmatch(id) is not None


class AdaptersInUse:
    """The choices of one broker; an adapter is named by its reference, `""` is the base model."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def default(self) -> str:
        """Return what answers where a channel has no adapter of its own."""
        return cast(str | None, self._redis.get(ADAPTER)) or ""

    def by_channel(self) -> dict[str, str]:
        """Return the adapters that channels have of their own, by the channels' ids."""
        found = cast(dict[str, str], self._redis.hgetall(CHANNEL_ADAPTERS))
        return dict(sorted(found.items()))

    def references(self) -> set[str]:
        """Return every adapter that answers somewhere."""
        return {self.default(), *self.by_channel().values()} - {""}

    def set(self, reference: str, channel: str = "") -> str:
        """Answer with `reference` in `channel`, or by default; returns what answered before."""
        with self._redis.pipeline() as pipe:
            if channel:
                pipe.hget(CHANNEL_ADAPTERS, channel)
                pipe.hset(CHANNEL_ADAPTERS, channel, reference)
            else:
                pipe.get(ADAPTER)
                pipe.set(ADAPTER, reference)
            return pipe.execute()[0] or ""

    def clear(self, channel: str = "") -> str:
        """Take back what `set` chose there; returns what that was."""
        with self._redis.pipeline() as pipe:
            if channel:
                pipe.hget(CHANNEL_ADAPTERS, channel)
                pipe.hdel(CHANNEL_ADAPTERS, channel)
            else:
                pipe.get(ADAPTER)
                pipe.delete(ADAPTER)
            return pipe.execute()[0] or ""
