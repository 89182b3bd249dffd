"""The operations on job records in Redis: every step of a job from its arrival to its last event.

The record is the truth about a job; Celery only delivers its id. Each step that changes a record is
one script in `lua/`, which the server runs atomically; a call that the client repeats because its
reply was lost is run once. This module knows neither Celery nor models.

States: new → queued → running → finished | failed | cancelled. A `new` job waits for its request, a
`queued` one for a worker. A running attempt holds a lease (`tasks.broker.leases`); an attempt that
has lost its lease to a sweep can no longer write to the job.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast
from uuid import uuid4

from redis import Redis

from tasks.broker.disk.flush import flush
from tasks.broker.job import (
    KINDS,
    STATE_FIELDS,
    Ending,
    Event,
    Job,
    JobState,
    Kind,
    State,
    asker_of,
    channel_of,
    read_event,
    read_job,
    read_state,
)
from tasks.broker.leases import (
    LEASE_MS,
    MAX_LOST_ALONE,
    MAX_LOST_BESIDE_OTHERS,
    MAX_LOST_TRAINING,
    PUBLISH_GRACE_MS,
    TRAINING_LEASE_MS,
)
from tasks.broker.lua.scripts import Scripts

Stored = Literal["created", "repeat", "not_in_thread", "gone", "full"]
"""What became of a job that was to be stored."""
LeaseState = Literal["ok", "cancel", "lost"]
"""Whether an attempt goes on: `cancel` where somebody asked for that, `lost` where it holds the job
no longer."""

ADAPTER = "swallow:adapter"
"""The key that names the default adapter: what new questions are answered with."""
CHANNEL_ADAPTERS = "swallow:channel-adapters"
"""The hash of the channels whose new questions are answered with an adapter of their own."""
KEPT_PROGRESS = 1000
"""Progress events kept in a job's stream; each holds the whole state, so the newest is enough."""
THREAD_MS = 30 * 24 * 3_600_000
"""The bot listens to a conversation for 30 days after it was last asked there."""

REPEATABLE = (
    "append",
    "check_lease",
    "keep_message",
    "record_posts",
    "renew_claims",
    "renew_lease",
)
"""The scripts that may run twice for one call, because the second run changes nothing."""


class Jobs:
    """The job records of one broker.

    A finished record is kept for `keep_ms` milliseconds; of each kind, `queue_limit` jobs may be
    open at a time.
    """

    def __init__(self, redis: Redis, *, keep_ms: int, queue_limit: int) -> None:
        self.redis = redis
        self.keep_ms = keep_ms
        self.queue_limit = queue_limit
        self._scripts = Scripts(redis)

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
        follows: tuple[str, int] | None = None,
    ) -> Stored:
        """Store a new job, once: a second call with the same id returns `repeat`.

        `thread` names the conversation; with `only_in_thread` the job is stored only where the bot
        takes part in it already, else the answer is `not_in_thread`. `adapter` is what to answer
        with; None: the adapter in use there now. A job beyond the queue's limit is stored as failed
        and returns `full`, so that it gets its one final message too. `follows` are an answered job
        and its revision, of which something more is asked: `gone` where that is not there any more.

        The call returns when the record would outlive a power failure: whoever asked may be told.

        Raises:
            RedisTimeoutError: the broker's disk did not take it in time; the job is stored.
        """
        key = thread_key(thread) if thread else ""
        result = self.run_script(
            "create",
            *(id, kind, _dump(destination), _dump(asked), self.keep_ms, self.queue_limit),
            *(key, THREAD_MS, int(only_in_thread)),
            *(int(adapter is not None), adapter or "", asker_of(destination)),
            *(channel_of(destination), *(follows or ("", ""))),
        )
        flush(self.redis)
        return cast(Stored, result)

    def enqueue(
        self,
        id: str,
        request: Mapping[str, Any],
        *,
        revision: int | None = None,
        adapter: str | None = None,
    ) -> bool:
        """Make a new job ready for a worker; the caller publishes it.

        False if it is not new, or what was asked is not that of `revision` any more. With `adapter`
        it is answered with that one instead of what was in use when it was stored.
        """
        pinned = (int(adapter is not None), adapter or "")
        return bool(self.run_script("enqueue", id, _dump(request), _any_or(revision), *pinned))

    def revise(self, id: str, asked: Mapping[str, Any], at: str) -> bool:
        """Begin a question anew with other words; an attempt at the old ones loses it.

        `at` is when it was edited, by Slack's clock: of several edits the last one counts, in
        whatever order they come. False where nothing changes. The call returns when the edit would
        outlive a power failure.
        """
        revised = bool(self.run_script("revise", id, _dump(asked), at))
        flush(self.redis)
        return revised

    def withdraw(
        self,
        id: str,
        left: Mapping[str, Any],
        by: str,
        *,
        remember: bool = False,
        edited: str = "",
    ) -> bool:
        """Withdraw a question: it ends, its texts go, and whoever follows it removes its messages.

        `left` stands for what was asked. False where there is none, or it is withdrawn already;
        with `remember` one that comes late is not asked. `edited` is when, as for `revise`, an edit
        has left nothing to answer: a later one may ask again. The call returns when that would
        outlive a power failure.
        """
        data = _dump({"by": by})
        withdrawn = bool(self.run_script("withdraw", id, _dump(left), data, int(remember), edited))
        if withdrawn or remember:
            flush(self.redis)
        return withdrawn

    def show_again(self, id: str, revision: int) -> bool:
        """Have the answer of a job shown again, behind that to an older `revision`.

        False where it is no older one, or the answer is still to be posted.
        """
        return bool(self.run_script("show_again", id, revision))

    def leave_to_model(self, id: str, model: str) -> bool:
        """Leave a queued job to the workers with `model`; the caller publishes it for them.

        False where it is not queued any more.
        """
        return bool(self.run_script("leave_to_model", id, model))

    def claim(
        self, id: str, worker: str, *, lease_ms: int = LEASE_MS, alone: bool = False
    ) -> int | None:
        """Give a queued job to `worker` with a lease, and return the number of this attempt.

        None where the job is not queued, for instance because another worker has claimed it. With
        `alone` nothing else runs in the worker until the attempt has ended.
        """
        attempt = self.run_script("claim", id, worker, lease_ms, int(alone))
        return None if attempt is None else int(attempt)

    def append(
        self, id: str, attempt: int, type: str, data: Mapping[str, Any], *, at: int | None = None
    ) -> int | None:
        """Add an event; None where the attempt no longer holds the job.

        Returns how many characters of the attempt's text the stream has now. With `at`, text is
        added only if that many came before it: what was added already is not added again, and what
        a broker has forgotten can be added first.
        """
        if at is not None:
            data = {**data, "at": at}
        place = ("" if at is None else at, len(data.get("text", "")))
        return cast(int | None, self.run_script("append", id, attempt, type, _dump(data), *place))

    def record_progress(
        self, id: str, attempt: int, data: Mapping[str, Any], *, saved: bool = False
    ) -> bool:
        """Store how far a running job is; False where the attempt no longer holds the job.

        `saved` says that a checkpoint was written: the next attempt would continue from here, so
        the count of lost attempts starts again at 0.
        """
        arguments = (id, attempt, _dump(data), int(saved), KEPT_PROGRESS)
        return bool(self.run_script("record_progress", *arguments))

    def finish(self, id: str, attempt: int, ending: Ending, data: Mapping[str, Any]) -> bool:
        """Write the final event; False where the attempt no longer holds the job."""
        return bool(self.run_script("finish", id, attempt, ending, _dump(data)))

    def end_unstarted(
        self, id: str, ending: Ending, data: Mapping[str, Any], *, revision: int | None = None
    ) -> bool:
        """End a job that no worker has started.

        False where one has, or what was asked is not that of `revision` any more.
        """
        return bool(self.run_script("end_unstarted", id, ending, _dump(data), _any_or(revision)))

    def cancel(self, id: str, by: str) -> State | None:
        """Cancel a job, or ask its worker to; returns the state it was in, None if unknown."""
        return cast(State | None, self.run_script("cancel", id, _dump({"by": by})))

    def renew_lease(self, id: str, attempt: int, *, lease_ms: int = LEASE_MS) -> LeaseState:
        """Keep the lease for another `lease_ms`, and return whether the attempt goes on."""
        return cast(LeaseState, self.run_script("renew_lease", id, attempt, lease_ms))

    def check_lease(self, id: str, attempt: int) -> LeaseState:
        """Return whether the attempt goes on, without renewing its lease."""
        return cast(LeaseState, self.run_script("check_lease", id, attempt))

    def expire_lease(self, id: str, attempt: int) -> bool:
        """Give a running attempt up: the next sweep counts it as lost and queues the job again.

        False where the attempt no longer holds the job.
        """
        return bool(self.run_script("expire_lease", id, attempt))

    def expire_worker_leases(self, worker: str) -> None:
        """Expire every lease that a worker of this name held before it died."""
        self.run_script("expire_worker_leases", worker)

    def requeue(self, id: str, attempt: int) -> bool:
        """Return a running job to the queue, which is no loss; the caller publishes it.

        False where the attempt no longer holds the job, or the job was cancelled and has ended.
        """
        return bool(self.run_script("requeue", id, attempt))

    def sweep(self) -> list[str]:
        """Queue the jobs whose lease has expired; return queued jobs whose message may be lost."""
        limits = (MAX_LOST_BESIDE_OTHERS, MAX_LOST_ALONE, MAX_LOST_TRAINING)
        return list(self.run_script("sweep", *limits, PUBLISH_GRACE_MS, TRAINING_LEASE_MS))

    def claim_publication(self, id: str) -> bool:
        """Take the right to publish a job that `sweep` returned; False where another worker did."""
        return bool(self.run_script("claim_publication", id, PUBLISH_GRACE_MS))

    def keep_message(self, id: str) -> bool:
        """Keep sweeps from publishing a job that a worker will claim; False if it is not queued."""
        return bool(self.run_script("keep_message", id))

    def forget(self, id: str, left: Mapping[str, Any], by: str) -> State | None:
        """Remove a job, ending it first; returns the state it was in.

        Its texts are gone when it has ended, the record when its final message is posted; until
        then `left` stands for what was asked. None where there is no such job any more.
        """
        return cast(State | None, self.run_script("forget", id, _dump(left), _dump({"by": by})))

    def leave_thread(self, thread: str, asker: str) -> bool:
        """Take `asker` off a conversation's key; False where they did not ask there."""
        return bool(self.run_script("leave_thread", thread, asker))

    def threads(self) -> Iterable[str]:
        """Return the keys of the conversations that the bot takes part in."""
        return cast(Iterable[str], self.redis.scan_iter("swallow:thread:*", count=500))

    def replace_request(self, id: str, request: Mapping[str, Any]) -> bool:
        """Replace the request of a job; False where it has none."""
        return bool(self.run_script("replace_request", id, _dump(request)))

    def replace_texts(
        self,
        id: str,
        fields: Mapping[str, tuple[str, str]],
        events: Mapping[str, Mapping[str, Any]],
    ) -> bool:
        """Replace fields of a record, each from one JSON text to another, and the data of events.

        False, and nothing is changed, where a field says something else meanwhile or an event is
        not there. Of a job's events only its last may be replaced: it gets a new id behind it.
        """
        changes = [part for name, texts in fields.items() for part in (name, *texts)]
        replaced = [part for entry, data in events.items() for part in (entry, _dump(data))]
        return bool(self.run_script("replace_texts", id, len(fields), *changes, *replaced))

    def follow(self, id: str) -> Job | None:
        """Read a record as the one that answers it in Slack from now on; None as `get`.

        Who followed it before, and may not know that its claim was taken over, can record no more
        posts: what was recorded is read here, and the rest is not posted.
        """
        return None if self.run_script("follow", id) is None else self.get(id)

    def record_posts(self, id: str, posts: Mapping[str, Any], *, follower: int = 0) -> bool:
        """Store where the relay has answered so far; nothing where the record has expired.

        False where `follower` does not follow the job any more: it must not post.
        """
        return bool(self.run_script("record_posts", id, follower, _dump(posts)))

    def get(self, id: str) -> Job | None:
        """Read a record; None where there is none, or it has expired."""
        fields = cast(dict[str, str], self.redis.hgetall(f"swallow:job:{id}"))
        return read_job(id, fields) if fields else None

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
        jobs = [job for job in map(self.get, self._open_ids(kinds)) if job is not None]
        return sorted(jobs, key=lambda job: job.created)

    def open_states(self, *kinds: Kind) -> list[JobState]:
        """Return what `open` does, without reading the texts."""
        return sorted(self.states(self._open_ids(kinds)), key=lambda job: job.created)

    def open_destinations(self, kind: Kind) -> list[tuple[str, int, dict[str, Any]]]:
        """Return id, `created` and destination of every job of a kind that has not ended."""
        ids = self._open_ids((kind,))
        with self.redis.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hmget(f"swallow:job:{id}", "created", "place")
            records = zip(ids, pipe.execute(), strict=True)
        return [
            (id, int(created), json.loads(place))
            for id, (created, place) in records
            if created and place
        ]

    def all_states(self) -> list[JobState]:
        """Return every job on record, newest first, without reading the texts."""
        keys = self.redis.scan_iter("swallow:job:*", count=500)
        states = self.states(key.removeprefix("swallow:job:") for key in keys)
        return sorted(states, key=lambda job: -job.created)

    def states(self, ids: Iterable[str]) -> list[JobState]:
        """Read records without their texts; those that are not there are left out."""
        ids = list(ids)
        with self.redis.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hmget(f"swallow:job:{id}", STATE_FIELDS)
            records = pipe.execute()
        found = [
            (id, {name: value for name, value in zip(STATE_FIELDS, values, strict=True) if value})
            for id, values in zip(ids, records, strict=True)
        ]
        return [read_state(id, fields) for id, fields in found if fields]

    def _open_ids(self, kinds: tuple[Kind, ...]) -> list[str]:
        return [
            id
            for kind in kinds or KINDS
            for id in cast(list[str], self.redis.zrange(f"swallow:open:{kind}", 0, -1))
        ]

    def run_script(self, script: str, *arguments: Any) -> Any:
        """Run the script of that name, once for each call."""
        return self._scripts.run(script, _call_of(script), *arguments)


def thread_key(thread: str) -> str:
    """Return the key that marks a conversation as one that the bot takes part in."""
    return f"swallow:thread:{thread}"


def _call_of(script: str) -> str:
    """Return the id by which a repeated call is known, empty where repeating changes nothing."""
    return "" if script in REPEATABLE else uuid4().hex


def _any_or(revision: int | None) -> str:
    return "" if revision is None else str(revision)


def _dump(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
