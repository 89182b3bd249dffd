"""Job records in Redis: the truth about every question, from its arrival to its last event.

Celery only delivers ids; what a job is, who runs it and whether it ended is decided here, each
step by one script that runs atomically on the server. This module knows neither Celery nor models,
and `destination` and `asked` belong to whoever created the job: they are stored, not understood.

States: new → queued → running → finished | failed | cancelled. `new` waits for its request,
`queued` for a worker. A running attempt holds a lease; whoever lost it cannot write any more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal, cast

from redis import Redis

Kind = Literal["answer", "train", "plan"]
State = Literal["new", "queued", "running", "finished", "failed", "cancelled"]
Ending = Literal["finished", "failed", "cancelled"]
Lease = Literal["ok", "cancel", "lost"]

KINDS: tuple[Kind, ...] = ("answer", "plan", "train")
ENDINGS: tuple[str, ...] = ("finished", "failed", "cancelled")
LEASES = "swallow:leases"
RELAY, ADAPTER = "swallow:relay", "swallow:adapter"

LEASE_MS = 15_000
TRAINING_LEASE_MS = 60_000
"""Longer, so that a broker that restarts does not cost a training its last minutes."""
RENEW_SECONDS = 5.0
SWEEP_SECONDS = 5.0
MAX_LOST = 3
"""The third lost attempt fails the job: a question that kills its worker must not loop."""
MAX_LOST_TRAINING = 10
"""Counted since the last checkpoint: a training that gets on may lose any number of workers."""
KEPT_PROGRESS = 1000
"""Progress events in a job's stream; each says all there is to say, so only the last counts."""
PUBLISH_GRACE_MS = 10_000
THREAD_MS = 30 * 24 * 3_600_000
"""The bot listens to a conversation for 30 days after it was last asked there."""


@dataclass(frozen=True)
class Job:
    """A job as its record says; times are milliseconds since the epoch, 0 for not yet.

    `started` is that of the newest attempt, `begun` that of the first.
    """

    id: str
    kind: Kind
    state: State
    attempt: int
    lost: int
    created: int
    started: int
    ended: int
    begun: int
    worker: str
    adapter: str
    destination: Mapping[str, Any]
    """Where its messages go and who asked; the record's field is `place`."""
    asked: Mapping[str, Any]
    request: Mapping[str, Any]
    posts: Mapping[str, Any]
    progress: Mapping[str, Any]
    cancelled: Mapping[str, Any]
    """Who asked for it to be cancelled, as `by`; empty where nobody has."""

    @property
    def over(self) -> bool:
        """Whether its final event was written."""
        return self.state in ENDINGS


@dataclass(frozen=True)
class Event:
    """An entry of a job's stream; `id` is the stream's, ever growing."""

    id: str
    attempt: int
    type: str
    data: Mapping[str, Any]

    @property
    def final(self) -> bool:
        """Whether it is the job's last."""
        return self.type in ENDINGS


class Jobs:
    """The records of one broker."""

    def __init__(self, redis: Redis, *, keep_ms: int, queue_limit: int) -> None:
        self.redis = redis
        self.keep_ms = keep_ms
        self.queue_limit = queue_limit

    def create(
        self,
        id: str,
        kind: Kind,
        *,
        destination: Mapping[str, Any],
        asked: Mapping[str, Any],
        thread: str = "",
        only_in_thread: bool = False,
        adapter: str | None = None,
    ) -> Literal["created", "repeat", "stranger", "full"]:
        """Store a new job, once.

        `thread` names the conversation; with `only_in_thread` the job is stored only where the bot
        takes part in it already. `adapter` is what to ask with; None: what is in use now. A job
        beyond the queue's limit is stored as failed, so that it gets its one final message too.
        """
        key = f"swallow:thread:{thread}" if thread else ""
        answer = self.run_script(
            "create",
            *(id, kind, _dump(destination), _dump(asked), self.keep_ms, self.queue_limit),
            *(key, THREAD_MS, int(only_in_thread)),
            *(int(adapter is not None), adapter or ""),
        )
        return cast(Literal["created", "repeat", "stranger", "full"], answer)

    def enqueue(self, id: str, request: Mapping[str, Any]) -> bool:
        """Make a new job ready for a worker; the caller publishes it. False if it is not new."""
        return bool(self.run_script("enqueue", id, _dump(request)))

    def claim(self, id: str, worker: str, *, lease_ms: int = LEASE_MS) -> int | None:
        """Take a queued job for `worker` and return the attempt's number; None if another did."""
        attempt = self.run_script("claim", id, worker, lease_ms)
        return None if attempt is None else int(attempt)

    def append(self, id: str, attempt: int, type: str, data: Mapping[str, Any]) -> bool:
        """Add an event; False where the attempt no longer holds the job."""
        return bool(self.run_script("append", id, attempt, type, _dump(data)))

    def note_progress(
        self, id: str, attempt: int, data: Mapping[str, Any], *, saved: bool = False
    ) -> bool:
        """Note how far a running job is; False where the attempt no longer holds the job.

        `saved` says that the next attempt would go on from here.
        """
        answer = self.run_script("progress", id, attempt, _dump(data), int(saved), KEPT_PROGRESS)
        return bool(answer)

    def finish(self, id: str, attempt: int, ending: Ending, data: Mapping[str, Any]) -> bool:
        """Write the final event; False where the attempt no longer holds the job."""
        return bool(self.run_script("finish", id, attempt, ending, _dump(data)))

    def drop(self, id: str, ending: Ending, data: Mapping[str, Any]) -> bool:
        """End a job that no worker has started; False where one has."""
        return bool(self.run_script("drop", id, ending, _dump(data)))

    def cancel(self, id: str, by: str) -> State | None:
        """Cancel a job, or ask its worker to; returns the state it was in, None if unknown."""
        return cast(State | None, self.run_script("cancel", id, _dump({"by": by})))

    def renew(self, id: str, attempt: int, *, lease_ms: int = LEASE_MS) -> Lease:
        """Keep the lease for another `lease_ms`, and learn whether to go on."""
        return cast(Lease, self.run_script("renew", id, attempt, lease_ms))

    def look(self, id: str, attempt: int) -> Lease:
        """Learn whether to go on, without renewing."""
        return cast(Lease, self.run_script("renew", id, attempt, 0))

    def give_back(self, id: str, attempt: int) -> bool:
        """Return a running job to the queue; the caller publishes it."""
        return bool(self.run_script("give_back", id, attempt))

    def let_go(self, id: str, attempt: int) -> bool:
        """Give a running attempt up without an end: it counts as lost, and another follows."""
        return bool(self.run_script("let_go", id, attempt))

    def abandon(self, worker: str) -> None:
        """Let go of what a worker of this name held before it died."""
        self.run_script("abandon", worker)

    def sweep(self) -> list[str]:
        """Queue jobs whose lease ran out; return queued jobs whose message may be missing."""
        return list(self.run_script("sweep", MAX_LOST, MAX_LOST_TRAINING, PUBLISH_GRACE_MS))

    def may_publish(self, id: str) -> bool:
        """Claim the right to publish a job that `sweep` returned."""
        return bool(self.run_script("publish", id, PUBLISH_GRACE_MS))

    def get(self, id: str) -> Job | None:
        """Read a record; None where there is none, or it has expired."""
        fields = cast(dict[str, str], self.redis.hgetall(f"swallow:job:{id}"))
        return _job(id, fields) if fields else None

    def remember_posts(self, id: str, posts: Mapping[str, Any]) -> None:
        """Note where the relay has answered so far; nothing where the record has expired."""
        self.run_script("note_posts", id, _dump(posts))

    def events(self, id: str, after: str = "0") -> list[Event]:
        """Read the events behind stream id `after`, oldest first."""
        entries = self.redis.xrange(
            f"swallow:events:{id}", min=f"({after}" if after != "0" else "-"
        )
        return [read_event(*entry) for entry in cast(Any, entries)]

    def ahead_of(self, id: str) -> int:
        """Count the jobs of its kind that were asked earlier and have not ended."""
        kind = cast(str | None, self.redis.hget(f"swallow:job:{id}", "kind"))
        return int(cast(Any, self.redis.zrank(f"swallow:open:{kind}", id)) or 0)

    def open(self, *kinds: Kind) -> list[Job]:
        """Return every job, or every one of `kinds`, that has not ended, oldest first."""
        ids = [
            id
            for kind in kinds or KINDS
            for id in cast(list[str], self.redis.zrange(f"swallow:open:{kind}", 0, -1))
        ]
        found = [job for job in map(self.get, ids) if job is not None]
        return sorted(found, key=lambda job: job.created)

    def all(self) -> list[Job]:
        """Return every job on record, newest first."""
        keys = self.redis.scan_iter("swallow:job:*", count=500)
        jobs = [self.get(key.removeprefix("swallow:job:")) for key in keys]
        return sorted((job for job in jobs if job), key=lambda job: -job.created)

    def run_script(self, script: str, *arguments: Any) -> Any:
        """Run one of the scripts in `lua/`."""
        return self._scripts[script](args=arguments)

    @cached_property
    def _scripts(self) -> dict[str, Any]:
        folder = files("tasks.broker") / "lua"
        common = (folder / "common.lua").read_text(encoding="utf-8")
        scripts = [
            script for part in folder.iterdir() if part.is_dir() for script in part.iterdir()
        ]
        return {
            script.name.removesuffix(".lua"): self.redis.register_script(
                common + script.read_text(encoding="utf-8")
            )
            for script in scripts
        }


def read_event(id: str, fields: Mapping[str, str]) -> Event:
    """Decode a stream entry."""
    return Event(id, int(fields["attempt"]), fields["type"], json.loads(fields["data"]))


def _job(id: str, fields: Mapping[str, str]) -> Job:
    return Job(
        id=id,
        kind=cast(Kind, fields["kind"]),
        state=cast(State, fields["state"]),
        attempt=int(fields["attempt"]),
        lost=int(fields["lost"]),
        created=int(fields["created"]),
        started=int(fields.get("started", 0)),
        ended=int(fields.get("ended", 0)),
        begun=int(fields.get("begun", 0)),
        worker=fields.get("worker", ""),
        adapter=fields.get("adapter", ""),
        # The field keeps its name, so that jobs stored by an earlier version can be read.
        destination=json.loads(fields["place"]),
        asked=json.loads(fields["asked"]),
        request=json.loads(fields.get("request", "{}")),
        posts=json.loads(fields.get("posts", "{}")),
        progress=json.loads(fields.get("progress", "{}")),
        cancelled=json.loads(fields.get("cancel", "{}")),
    )


def _dump(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
