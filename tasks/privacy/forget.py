"""Forgetting a person: what is kept of their questions is removed, at once and from the disk.

Removed are the records of their questions and plans with texts, answers and posts, their words in
the threads of other people's questions, their part in the conversations that the bot follows, and
the rows of feedback that they proposed or that hold their words, from the home's files too, and
their votes in blind comparisons that are not revealed yet.
Trainings stay, which are the team's, as do messages in Slack and what other people have quoted.

What else is ever kept of a person is removed in `forget` too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.asking.limits import forget_asked
from tasks.asking.subjects import Subjects
from tasks.blind.store import Blind
from tasks.broker.disk.flush import flush
from tasks.broker.job import Job, asker_of, forgotten_words
from tasks.broker.jobs import Jobs
from tasks.feedback import removal
from tasks.privacy.expired_texts import rewrite_now


@dataclass(frozen=True)
class Forgotten:
    """How much was removed; `ended` of the jobs were open and end as cancelled."""

    jobs: int
    ended: int
    turns: int
    threads: int
    rows: int = 0
    adapters: tuple[str, ...] = ()
    """The adapters that have learned from the rows, or were examined on them."""
    votes: int = 0
    """In blind comparisons that are not revealed yet."""

    @property
    def records(self) -> int:
        """The sum, for the audit log."""
        return self.jobs + self.turns + self.threads + self.rows + self.votes


def forget(jobs: Jobs, person: str, by: str, home: Path) -> Forgotten:
    """Remove what is kept of `person` for `by`; again, it finds nothing and is safe.

    Raises:
        RedisError: the broker is away, or its disk did not take it in time.
        NotWritable: a file of `home` that carries a row of theirs cannot be replaced.
    """
    feedback = removal.remove_person(jobs, person, home, by)
    removed: list[str] = []
    # Until there is none: somebody may press a button under an answer meanwhile.
    while found := [state for job in _of(jobs, person) if (state := _forget_job(jobs, job, by))]:
        removed += found
    turns = sum(_drop_turns(jobs, job, person) for job in _all(jobs))
    threads = sum(jobs.leave_thread(thread, person) for thread in jobs.threads())
    forget_asked(jobs.redis, person)
    Subjects(jobs.redis).remove_person(person)
    votes = Blind(jobs.redis).drop_person(person)
    flush(jobs.redis)
    rewrite_now(jobs.redis)
    ended = sum(state in ("new", "queued", "running") for state in removed)
    adapters = tuple(adapter.name for adapter in feedback.adapters)
    return Forgotten(len(removed), ended, turns, threads, len(feedback.ids), adapters, votes)


def _all(jobs: Jobs) -> Iterator[Job]:
    """Read one record after the other: each may be megabytes."""
    for state in jobs.all_states():
        job = jobs.get(state.id)
        if job is not None:
            yield job


def _of(jobs: Jobs, person: str) -> Iterator[Job]:
    return (
        job for job in _all(jobs) if job.kind != "train" and asker_of(job.destination) == person
    )


def _forget_job(jobs: Jobs, job: Job, by: str) -> str | None:
    return jobs.forget(job.id, forgotten_words(job.asked.get("language", "")), by)


def _drop_turns(jobs: Jobs, job: Job, person: str) -> int:
    """Drop the person's words, and the answers to them, from what somebody's question takes along:
    its thread, and the messages that it is about."""
    kept = {
        name: [said for said in job.request[name] if said.get("user") != person]
        for name in ("thread", "material")
        if name in job.request
    }
    dropped = sum(len(job.request[name]) - len(kept[name]) for name in kept)
    if not dropped or not jobs.replace_request(job.id, {**job.request, **kept}):
        return 0
    return dropped
