"""What the questions asked by a shortcut are about, and whether their form is closed.

Kept in the broker as long as a question's job; the id is the question's own.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

from redis import Redis

CLOSED_MS = 24 * 3_600_000

Closed = Literal["early", "complete"]
"""Whether a form was closed before its complete answer was in it."""

_KEY = "swallow:subject:"
_CLOSED = "swallow:subject-closed:"


@dataclass(frozen=True)
class Subject:
    """A message at `ts` in `channel`: `writer` wrote `text`, `author` asks about it.

    `thread_ts` is that of its thread, empty where there is none.
    """

    author: str
    channel: str
    ts: str
    thread_ts: str
    writer: str
    text: str


class Subjects:
    """The subjects of one broker."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def keep(self, id: str, subject: Subject, keep_ms: int) -> None:
        """Store a subject for `keep_ms` milliseconds.

        Raises:
            RedisError: the broker is away.
        """
        self._redis.set(_KEY + id, json.dumps(asdict(subject)), px=keep_ms)

    def get(self, id: str) -> Subject | None:
        """Return a subject; None where it is gone."""
        return self._read(_KEY + id)

    def note_closed(self, id: str, how: Closed) -> None:
        """Note that the form was closed; of several notes the first one counts."""
        self._redis.set(_CLOSED + id, how, px=CLOSED_MS, nx=True)

    def closed(self, id: str) -> Closed | None:
        """Return how the form was closed; None where nobody has closed it."""
        return cast(Closed | None, self._redis.get(_CLOSED + id))

    def remove_person(self, person: str) -> None:
        """Remove what a person asks about, and their words where somebody else does."""
        for key, subject in self._all():
            if subject.author == person:
                self._redis.delete(key)
            elif subject.writer == person:
                left = replace(subject, text="")
                self._redis.set(key, json.dumps(asdict(left)), keepttl=True, xx=True)

    def _all(self) -> Iterator[tuple[str, Subject]]:
        for key in cast(Iterator[str], self._redis.scan_iter(f"{_KEY}*", count=500)):
            subject = self._read(key)
            if subject is not None:
                yield key, subject

    def _read(self, key: str) -> Subject | None:
        text = cast(str | None, self._redis.get(key))
        if not text:
            return None
        values: dict[str, Any] = json.loads(text)
        return Subject(**values)
