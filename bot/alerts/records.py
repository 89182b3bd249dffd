"""The alerts of one broker, shared by its bots: what is to be told, and what was.

A record is `due` until it is posted, then `open`, and `over` until it is posted that all is well
again, which removes it. `begun` is when its post was begun: a bot that finds it looks for the
message first, because the one before may have died between the post and its note.
"""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, cast

from redis import Redis
from redis.exceptions import LockError

from bot.alerts.conditions import Finding

ALERTS = "swallow:alerts"
LOCK = "swallow:alerts:lock"
LOCK_SECONDS = 60
"""Longer than a bot may take to post what waits."""


@dataclass(frozen=True)
class Record:
    """One alert; `since` tells it from an earlier one of the same name. Times are in seconds."""

    name: str
    stage: Literal["due", "open", "over"]
    since: float
    begun: float = 0.0
    values: dict[str, Any] = field(default_factory=dict)


class Records:
    """The records in one broker. Everything here raises RedisError while that is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        # Not bound to a thread: calls come from a pool of them.
        self._lock = redis.lock(LOCK, timeout=LOCK_SECONDS, blocking=False, thread_local=False)

    def all(self) -> list[Record]:
        """Return every record, the oldest first."""
        values = cast(dict[str, str], self._redis.hgetall(ALERTS)).values()
        return sorted((Record(**json.loads(value)) for value in values), key=lambda r: r.since)

    def waiting(self) -> list[Record]:
        """Return those of which something is to be posted."""
        return [record for record in self.all() if record.stage != "open"]

    def note(self, findings: Iterable[Finding]) -> None:
        """Enter what is wrong; what is well, and was told, is over."""
        known = {record.name: record for record in self.all()}
        for finding in findings:
            record = known.get(finding.name)
            if finding.wrong and record is None:
                self.enter(finding.name, **finding.values)
            elif not finding.wrong and record is not None:
                self._end(record, finding.values)

    def enter(self, name: str, **values: Any) -> None:
        """Make an alert due, unless there is one of that name."""
        record = Record(name, "due", time.time(), values=values)
        self._redis.hsetnx(ALERTS, name, json.dumps(asdict(record)))

    def end_all(self, kind: str, **values: Any) -> None:
        """What was wrong under `kind:…` is well again."""
        for record in self.all():
            if record.name.startswith(f"{kind}:"):
                self._end(record, values)

    def _end(self, record: Record, values: dict[str, Any]) -> None:
        if record.stage == "open":
            self._write(replace(record, stage="over", values=record.values | values))
        elif record.stage == "due" and not record.begun:
            self._redis.hdel(ALERTS, record.name)

    def begin(self, record: Record) -> None:
        """Note that the record's post begins."""
        self._write(replace(record, begun=time.time()))

    def posted(self, record: Record) -> None:
        """Note that what waited was posted."""
        if record.stage == "due":
            self._write(replace(record, stage="open", begun=0.0))
        else:
            self._redis.hdel(ALERTS, record.name)

    def _write(self, record: Record) -> None:
        self._redis.hset(ALERTS, record.name, json.dumps(asdict(record)))

    def lock(self) -> bool:
        """Take the right to post; False where another bot has it."""
        return bool(self._lock.acquire())

    def unlock(self) -> None:
        """Give it back."""
        with suppress(LockError):  # it has expired
            self._lock.release()
