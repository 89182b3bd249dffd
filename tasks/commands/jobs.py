"""`swallow jobs`: the questions and trainings on record."""

from typing import Any

import click

from tasks.admin_act import admin_act
from tasks.commands.terminal.output import age, as_json, print_json, print_table


@click.group()
def jobs() -> None:
    """List, show and cancel jobs."""


@jobs.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the jobs on record, newest first."""
    from tasks.broker.connection import jobs_of, reachable
    from tasks.settings import settings

    with reachable(settings()):
        records = jobs_of(settings(), patience=1).all_states()
    if as_json:
        print_json([_row(job) for job in records])
        return
    print_table(
        ["job", "kind", "state", "asked", "attempt", "worker"],
        [(j.id, j.kind, j.state, age(j.created), j.attempt, j.worker or "-") for j in records],
        "No jobs on record.",
    )


@jobs.command()
@click.argument("id")
@as_json
def show(id: str, as_json: bool) -> None:
    """Show one job with its events; texts stay out of it."""
    from tasks.broker.connection import jobs_of, reachable
    from tasks.errors import NoSuchJob
    from tasks.settings import settings

    with reachable(settings()):
        records = jobs_of(settings(), patience=1)
        job = records.get(id)
        events = records.events(id)
    if job is None:
        raise NoSuchJob(f"There is no job {id!r}; `swallow jobs list` shows them.")
    row = _row(job)
    row["events"] = [
        {"attempt": event.attempt, "type": event.type, "data": event.data}
        for event in events
        if event.type != "text"
    ]
    if as_json:
        print_json(row)
        return
    for key, value in row.items():
        if key != "events":
            click.echo(f"{key + ':':<10}{value}")
    for event in row["events"]:
        click.echo(f"  attempt {event['attempt']} {event['type']} {event['data']}")


@jobs.command()
@click.argument("id")
@as_json
def cancel(id: str, as_json: bool) -> None:
    """Cancel a job; a running answer stops within a second."""
    from tasks.broker.connection import jobs_of, reachable
    from tasks.errors import NoSuchJob
    from tasks.settings import settings

    with admin_act("job cancel", id) as act, reachable(settings()):
        state = jobs_of(settings(), patience=1).cancel(id, "operator")
        if state is None:
            raise NoSuchJob(f"There is no job {id!r}; `swallow jobs list` shows them.")
        if state not in ("new", "queued", "running"):
            act.outcome = "failed"
    if as_json:
        print_json({"job": id, "was": state})
    elif state in ("new", "queued"):
        click.echo(f"Job {id} is cancelled.")
    elif state == "running":
        click.echo(f"Job {id} is told to stop.")
    else:
        click.echo(f"Job {id} had ended before: {state}.")


def _row(job: Any) -> dict[str, Any]:
    keys = (
        *("id", "kind", "state", "attempt", "lost", "suspect", "alone"),
        *("created", "started", "ended", "worker"),
    )
    return {key: getattr(job, key) for key in keys} | {"adapter": job.adapter}
