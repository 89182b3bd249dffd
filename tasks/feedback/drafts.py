"""What a form is about, kept in the broker while a person fills it in.

A form carries the id of its draft and nothing else: who opened it, and about what, is read from
here when it comes back. A draft holds no text.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, cast

from redis import Redis

KEEP_MS = 24 * 3_600_000
"""As long as the job that a form may be about is kept by default."""

_KEY = "swallow:feedback:draft:"


@dataclass(frozen=True)
class Draft:
    """A form that `author` has open, about the answer of `job`, or about a message in `channel` at
    `ts`; it was opened in the thread `thread_ts`. `others` wrote what it shows.

    `revision` is how often the question of `job` had been edited then."""

    author: str
    language: str
    channel: str
    thread_ts: str = ""
    job: str = ""
    ts: str = ""
    others: tuple[str, ...] = ()
    revision: int = 0


class Drafts:
    """The drafts of one broker."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def keep(self, draft: Draft) -> str:
        """Store a draft for a day and return its id."""
        id = secrets.token_hex(8)
        self._redis.set(_KEY + id, json.dumps(asdict(draft)), px=KEEP_MS)
        return id

    def get(self, id: str, author: str) -> Draft | None:
        """Return the draft that `author` has open; None where none of theirs is there any more."""
        draft = self._read(_KEY + id)
        return draft if draft is not None and draft.author == author else None

    def remove_person(self, person: str) -> None:
        """Remove the drafts that name a person."""
        for key, draft in self._all():
            if person in (draft.author, *draft.others):
                self._redis.delete(key)

    def _all(self) -> Iterator[tuple[str, Draft]]:
        for key in cast(Iterator[str], self._redis.scan_iter(f"{_KEY}*", count=500)):
            draft = self._read(key)
            if draft is not None:
                yield key, draft

    def _read(self, key: str) -> Draft | None:
        text = cast(str | None, self._redis.get(key))
        if not text:
            return None
        values: dict[str, Any] = json.loads(text)
        return Draft(**values | {"others": tuple(values["others"])})
