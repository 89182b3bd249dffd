"""The job records that carry rows of feedback: rows that were removed leave them too.

A job that asks the question of a row names it as `row` in what was asked, and goes as a whole. In
every other record a row is an object with its `id` in a list, such as the answers of an exam in the
final event of a training: only that object goes.
"""

import json
from collections.abc import Collection
from typing import Any, cast

from tasks.broker.job import Job, forgotten_words
from tasks.broker.jobs import Jobs
from tasks.feedback.row_files import without_rows

_FIELDS = ("asked", "request", "progress")


def drop_rows(jobs: Jobs, ids: Collection[str], by: str) -> None:
    """Remove the rows with these ids from every record, for `by`.

    Raises:
        RedisError: the broker is away.
    """
    for state in jobs.all_states():
        job = jobs.get(state.id)
        if job is not None and job.asked.get("row") in ids:
            jobs.forget(job.id, forgotten_words(job.asked.get("language", "")), by)
        elif job is not None:
            _clean(jobs, job, ids)


def _clean(jobs: Jobs, job: Job, ids: Collection[str]) -> None:
    """Replace what carries a row; tried again where the record has changed since it was read."""
    while True:
        fields = _changed_fields(jobs, job.id, ids)
        events = _changed_end(jobs, job, ids)
        if not (fields or events) or jobs.replace_texts(job.id, fields, events):
            return


def _changed_fields(jobs: Jobs, id: str, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    found = cast(list[str | None], jobs.redis.hmget(f"swallow:job:{id}", _FIELDS))
    changed = {}
    for name, text in zip(_FIELDS, found, strict=True):
        before = json.loads(text or "{}")
        after = without_rows(before, ids)
        if text and after != before:
            changed[name] = (text, json.dumps(after, ensure_ascii=False, separators=(",", ":")))
    return changed


def _changed_end(jobs: Jobs, job: Job, ids: Collection[str]) -> dict[str, Any]:
    """Return the data that the job's last event is to have, by its id; nothing while it runs."""
    if not job.over:
        return {}
    last = [event for event in jobs.events(job.id) if event.final][-1:]
    return {
        event.id: after for event in last if (after := without_rows(event.data, ids)) != event.data
    }
