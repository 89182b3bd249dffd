"""A job as its record in Redis says, and the events of its stream: their fields, and reading them.

This module reads; `tasks.broker.jobs` writes. `destination` and `asked` belong to whoever created
the job: they are stored, not interpreted.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["answer", "train", "plan"]
State = Literal["new", "queued", "running", "finished", "failed", "cancelled"]
Ending = Literal["finished", "failed", "cancelled"]

KINDS: tuple[Kind, ...] = ("answer", "plan", "train")
ENDINGS: tuple[str, ...] = ("finished", "failed", "cancelled")


@dataclass(frozen=True)
class JobState:
    """What is known of a job without its texts; times are milliseconds since the epoch, 0 where it
    has not happened yet.

    `created` is when the job was stored, `begun` when its first attempt started, `started` when its
    newest attempt started, `ended` when its final event was written.
    """

    id: str
    kind: Kind
    state: State
    attempt: int
    """The number of the newest attempt, 0 before the first."""
    lost: int
    """How many attempts lost their lease (for a training: since its last checkpoint)."""
    suspect: bool
    """Whether its attempts run alone in their worker, because too many were lost."""
    alone: bool
    """Whether the newest attempt is or was such a one."""
    created: int
    started: int
    ended: int
    begun: int
    worker: str
    adapter: str
    model: str
    """The base model that must answer, in whose queue it waits; empty until a worker with another
    one has found that out."""

    @property
    def over(self) -> bool:
        """Whether its final event was written."""
        return self.state in ENDINGS


@dataclass(frozen=True)
class Job(JobState):
    """One job with its texts, which may be megabytes."""

    destination: Mapping[str, Any]
    """Where its messages go and who asked; the record's field is `place`."""
    asked: Mapping[str, Any]
    request: Mapping[str, Any]
    posts: Mapping[str, Any]
    progress: Mapping[str, Any]
    cancelled: Mapping[str, Any]
    """Who asked for it to be cancelled, as `by`; empty where nobody has."""
    saved: int = 0
    """When its newest checkpoint was recorded."""
    follower: int = 0
    """The number of who answers it in Slack, 0 before the first; one with an older number may not
    post."""
    posts_in_doubt: bool = False
    """Whether messages may have been posted that `posts` does not have."""
    revision: int = 0
    """How often what was asked has changed since."""
    withdrawn: bool = False
    """Whether its asker has deleted the question: no message of it is to be left."""


@dataclass(frozen=True)
class Event:
    """An entry of a job's stream; `id` is the stream's entry id, which only grows."""

    id: str
    attempt: int
    type: str
    data: Mapping[str, Any]

    @property
    def final(self) -> bool:
        """Whether it is the job's last."""
        return self.type in ENDINGS


def asker_of(destination: Mapping[str, Any]) -> str:
    """Return who asked, by the name that the creator of the job uses; `-` where it gives none."""
    return str(destination.get("user") or "-")


def forgotten_words(language: str) -> dict[str, Any]:
    """Return what remains of a job's `asked`: its final message is said in this language."""
    return {"text": "", "files": [], "language": language}


def channel_of(destination: Mapping[str, Any]) -> str:
    """Return the channel's id, by which its adapter is chosen; empty for direct messages."""
    return "" if destination.get("dm") else str(destination.get("channel") or "")


STATE_FIELDS = (
    *("kind", "state", "attempt", "lost", "suspect", "alone"),
    *("created", "started", "ended", "begun", "worker", "adapter", "model"),
)
"""The fields of a record that a `JobState` is read from."""


def read_state(id: str, fields: Mapping[str, str]) -> JobState:
    """Decode the fields of a job that are no texts."""
    return JobState(**_state(id, fields))


def read_job(id: str, fields: Mapping[str, str]) -> Job:
    """Decode the hash of a job."""
    return Job(
        **_state(id, fields),
        # The field keeps its name, so that jobs stored by an earlier version can be read.
        destination=json.loads(fields["place"]),
        asked=json.loads(fields["asked"]),
        request=json.loads(fields.get("request", "{}")),
        posts=json.loads(fields.get("posts", "{}")),
        progress=json.loads(fields.get("progress", "{}")),
        cancelled=json.loads(fields.get("cancel", "{}")),
        saved=int(fields.get("saved", 0)),
        follower=int(fields.get("follower", 0)),
        posts_in_doubt=fields.get("in_doubt") == "1",
        revision=int(fields.get("revision", 0)),
        withdrawn=fields.get("withdrawn") == "1",
    )


def _state(id: str, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": id,
        "kind": fields["kind"],
        "state": fields["state"],
        "attempt": int(fields["attempt"]),
        "lost": int(fields["lost"]),
        "suspect": fields.get("suspect") == "1",
        "alone": fields.get("alone") == "1",
        "created": int(fields["created"]),
        "started": int(fields.get("started", 0)),
        "ended": int(fields.get("ended", 0)),
        "begun": int(fields.get("begun", 0)),
        "worker": fields.get("worker", ""),
        "adapter": fields.get("adapter", ""),
        "model": fields.get("model", ""),
    }


def read_event(id: str, fields: Mapping[str, str]) -> Event:
    """Decode an entry of a job's stream."""
    return Event(id, int(fields["attempt"]), fields["type"], json.loads(fields["data"]))
