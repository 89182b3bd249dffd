"""The settings of channels, in the broker for all hosts; the adapter of a channel is in
`tasks.adapters.in_use`.

A question takes them when it is prepared, so that a change holds from the next question on. This
module knows neither Slack nor prompts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args

from redis import Redis

from tasks.broker.disk.flush import flush
from tasks.settings import MOST_NEW_TOKENS

Askers = Literal["everyone", "admins", "people"]
"""Who may ask: everyone who may elsewhere, the bot's admins, or the people who are named."""

MOST_INSTRUCTIONS = 1000
"""The longest standing instruction, in characters: it is part of every prompt."""
MOST_PEOPLE = 50


@dataclass(frozen=True)
class ChannelSettings:
    """What holds in one channel; what is empty or 0 is as everywhere else.

    `instructions` are data: whatever they say, they are text in a prompt or in a message.

    Raises:
        ValueError: one of them is none of the possible values.
    """

    instructions: str = ""
    language: Literal["", "ja", "en"] = ""
    """The language of what all in the channel see."""
    max_new_tokens: int = 0
    askers: Askers = "everyone"
    people: tuple[str, ...] = ()
    """Who may ask, by their ids, where `askers` says people."""

    def __post_init__(self) -> None:
        plain = self.instructions.replace("\r\n", "\n").replace("\r", "\n").strip()
        object.__setattr__(self, "instructions", plain)
        if len(self.instructions) > MOST_INSTRUCTIONS:
            raise ValueError("instructions")
        if self.language not in ("", "ja", "en"):
            raise ValueError("language")
        if not 0 <= self.max_new_tokens <= MOST_NEW_TOKENS:
            raise ValueError("max_new_tokens")
        if self.askers not in get_args(Askers) or bool(self.people) != (self.askers == "people"):
            raise ValueError("askers")
        if len(self.people) > MOST_PEOPLE:
            raise ValueError("people")


NOTHING_SET = ChannelSettings()


class Channels:
    """The settings of one broker's channels."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, channel: str) -> ChannelSettings:
        """Return what is set for a channel.

        Raises:
            RedisError: the broker is away.
        """
        found = cast(dict[str, str], self._redis.hgetall(_key(channel)))
        known: dict[str, Any] = {
            field.name: found[field.name]
            for field in fields(ChannelSettings)
            if field.name in found
        }
        if "people" in known:
            known["people"] = tuple(known["people"].split())
        if "max_new_tokens" in known:
            known["max_new_tokens"] = int(known["max_new_tokens"])
        return ChannelSettings(**known)

    def set(self, channel: str, settings: ChannelSettings) -> None:
        """Replace what is set for a channel; returns and raises as `change`."""
        self.change(
            channel, {field.name: getattr(settings, field.name) for field in fields(settings)}
        )

    def change(self, channel: str, values: Mapping[str, Any]) -> None:
        """Set some of what holds in a channel; what others set at the same time stays.

        `values` are of a `ChannelSettings`, `askers` and `people` together or neither. Returns when
        it would outlive a power failure.

        Raises:
            RedisError: the broker is away.
        """
        checked = ChannelSettings(**values)
        with self._redis.pipeline() as pipe:
            for name in values:
                value = getattr(checked, name)
                if value == getattr(NOTHING_SET, name):
                    pipe.hdel(_key(channel), name)
                else:
                    stored = " ".join(value) if name == "people" else value
                    pipe.hset(_key(channel), name, stored)
            pipe.execute()
        flush(self._redis)

    def all(self) -> dict[str, ChannelSettings]:
        """Return the settings of the channels that have any, by the channels' ids."""
        keys = cast(list[str], list(self._redis.scan_iter(f"{_KEY}*", count=500)))
        return {key.removeprefix(_KEY): self.get(key.removeprefix(_KEY)) for key in sorted(keys)}


_KEY = "swallow:channel:"


def _key(channel: str) -> str:
    return f"{_KEY}{channel}"
