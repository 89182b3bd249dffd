"""The feedback of a broker: rows are proposed, approved and removed, each in one atomic step.

Rows never expire: they go when somebody removes them. Nothing is returned before the broker's disk
has it. What a row's use is, `lua/feedback/approve.lua` decides once and for all.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Literal, cast
from uuid import uuid4

from redis import Redis

from tasks.broker.disk.flush import flush
from tasks.broker.lua.scripts import Scripts
from tasks.feedback.drafts import Drafts
from tasks.feedback.row import FeedbackRow, RowState, Use, read_row, to_fields

ROWS = "swallow:feedback"
"""A sorted set: the ids of all rows by when they were proposed."""
REMOVED = "swallow:feedback:removed"
"""A sorted set: the ids of removed rows by when that was; those alone, for all hosts' files."""
PRESS_MS = 24 * 3_600_000
"""Presses are delivered again within minutes, and a day later there is nothing to press."""
Pressed = Literal["proposed", "removed", "kept", "overtaken"]
"""What a press about a row did: `kept` where it could change nothing."""
PAGE = 200
"""How many rows a call reads or changes: no call takes long for others of the broker."""


class Feedback:
    """The rows of one broker."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._scripts = Scripts(redis)

    def propose(self, row: FeedbackRow, *, call: str = "") -> bool:
        """Store a row as proposed; it takes the place of the author's own one with this id.

        False where that one is approved already, or is somebody else's: then nothing changes. A
        repeated `call` with the same texts, such as a form that is submitted twice, changes nothing
        either.

        Raises:
            RedisError: the broker is away, or its disk did not take it in time.
        """
        proposed = self._propose(row, call)
        flush(self.redis)
        return proposed == "proposed"

    def like(self, row: FeedbackRow, at: str) -> Pressed:
        """Propose a row because its author has pressed so `at` a time of Slack's.

        `overtaken`, and nothing changes, where it is a repeat or they have pressed something newer.

        Raises:
            RedisError: as `propose`.
        """
        pressed = self._propose(row, "", at)
        flush(self.redis)
        return pressed

    def unlike(self, id: str, at: str) -> Pressed:
        """Take back what `like` proposed, while it is not decided about; raises as `propose`."""
        pressed = cast(Pressed, self._scripts.run("unlike_row", uuid4().hex, id, at, PRESS_MS))
        flush(self.redis)
        return pressed

    def propose_all(self, rows: Iterable[FeedbackRow]) -> list[str]:
        """Propose many rows; returns the ids of those that `propose` would return True for."""
        proposed = [row.id for row in rows if self._propose(row, "") == "proposed"]
        flush(self.redis)
        return proposed

    def get(self, id: str) -> FeedbackRow | None:
        """Read a row; None where there is none."""
        found = cast(dict[str, str], self.redis.hgetall(f"{ROWS}:row:{id}"))
        return read_row(found) if found else None

    def rows(
        self, state: RowState | None = None, use: Use | None = None, author: str | None = None
    ) -> list[FeedbackRow]:
        """Return the rows of that state, use and author, oldest first."""
        return [
            row
            for row in self._all()
            if state in (None, row.state)
            and use in (None, row.use)
            and author in (None, row.author)
        ]

    def training_rows(self) -> list[FeedbackRow]:
        """Return the approved rows to learn from, oldest first."""
        return self.rows("approved", "training")

    def exam_rows(self) -> list[FeedbackRow]:
        """Return the approved rows to be examined on, oldest first; none is ever learned from."""
        return self.rows("approved", "exam")

    def approve(self, ids: Iterable[str], approver: str, *, exam: bool = False) -> list[str]:
        """Approve proposed rows, each once; returns those that this call approved.

        With `FeedbackRow.seen` instead of its id a row is approved only if it still says that.

        They are for training, liked answers and with `exam` all of them for the exam; but a
        question that was approved before keeps the use it had then.

        Raises:
            RedisError: as `propose`.
        """
        return self._each("approve_rows", ids, approver, int(exam))

    def remove(self, ids: Iterable[str]) -> list[str]:
        """Remove rows from the broker; returns those that were there.

        Files and job records that carry them are changed by `tasks.feedback.removal`.

        Raises:
            RedisError: as `propose`.
        """
        return self._each("remove_rows", ids, "")

    def refuse(self, ids: Iterable[str]) -> list[str]:
        """Remove rows that are still proposed; returns those that were. `ids` as for `approve`.

        Raises:
            RedisError: as `propose`.
        """
        return self._each("remove_rows", ids, "proposed")

    def remove_person(self, person: str) -> list[str]:
        """Remove the rows that `person` proposed, or that hold their words; returns their ids.

        Where they approved rows of others, those stay without a name.

        Raises:
            RedisError: as `propose`.
        """
        rows = self.rows()
        approved = [row.id for row in rows if row.approver == person]
        self._each("drop_approver", approved, person)
        Drafts(self.redis).remove_person(person)
        return self.remove(row.id for row in rows if person in (row.author, *row.others))

    def removed(self, since: int = 0) -> list[str]:
        """Return the ids of the rows that were removed from `since` on, in ms since the epoch."""
        return cast(list[str], self.redis.zrange(REMOVED, since, "+inf", byscore=True))

    def is_removed(self, id: str) -> bool:
        """Tell whether a row with this id was removed, and none with it approved since."""
        return self.redis.zscore(REMOVED, id) is not None

    def _all(self) -> Iterator[FeedbackRow]:
        ids = iter(cast(list[str], self.redis.zrange(ROWS, 0, -1)))
        while page := list(islice(ids, PAGE)):
            with self.redis.pipeline(transaction=False) as pipe:
                for id in page:
                    pipe.hgetall(f"{ROWS}:row:{id}")
                # One that was removed meanwhile is empty.
                yield from (read_row(found) for found in pipe.execute() if found)

    def _each(self, script: str, ids: Iterable[str], *arguments: Any) -> list[str]:
        remaining = iter(dict.fromkeys(ids))
        changed: list[str] = []
        while page := list(islice(remaining, PAGE)):
            changed += self._scripts.run(script, uuid4().hex, *arguments, *page)
        if changed:
            flush(self.redis)
        return changed

    def _propose(self, row: FeedbackRow, call: str, at: str | None = None) -> Pressed:
        stored = to_fields(row) | {"state": "proposed", "use": "", "approver": "", "decided": "0"}
        pairs = [part for pair in stored.items() for part in pair]
        # A form may be sent again with other texts, where storing the first took too long.
        call = f"propose:{call}:{row.version}" if call else uuid4().hex
        press = ("", "") if at is None else (at or "0", PRESS_MS)
        arguments = (row.id, row.author, *press, *pairs)
        return cast(Pressed, self._scripts.run("propose_row", call, *arguments))
