"""`swallow status`: the processes and workers of this home, and how many questions wait."""

from collections import Counter
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from tasks.commands.terminal.output import age, as_json, print_json, print_table
from tasks.commands.terminal.watch import again_and_again

WATCH_SECONDS = 2.0

_RUNNING = ("id", "kind", "created", "attempt", "alone", "worker")
"""What is shown of a running job; one that runs `alone` keeps other questions waiting."""


@click.command()
@as_json
@click.option("--watch", is_flag=True, help="Show it anew every 2 seconds, until Ctrl-C.")
def status(as_json: bool, watch: bool) -> None:
    """Show workers, queues, model, adapter and running jobs."""
    show = partial(_show, as_json=as_json)
    if watch:
        again_and_again(show, WATCH_SECONDS, bare=as_json)
    else:
        show()


def _show(*, as_json: bool) -> None:
    facts = _facts()
    if as_json:
        print_json(facts)
        return
    click.echo(f"home      {facts['home']}")
    click.echo(f"broker    {facts['broker']}")
    if facts["broker_refuses"]:
        click.echo(f"          takes no writes: {facts['broker_refuses']}; run `swallow doctor`")
    if facts["workspace"]:
        click.echo(f"workspace {facts['workspace']}")
    click.echo(f"adapter   {facts['adapter'] or 'none'}")
    for channel, name in facts["channel_adapters"].items():
        click.echo(f"          {name} in {channel}")
    if facts["no_access"]:
        click.echo(
            f"slack     refuses the bot ({facts['no_access']}): {facts['unanswered']} jobs "
            "are kept until the app is installed again; run `swallow doctor`"
        )
    queue = facts["jobs"]
    click.echo(f"questions {queue['queued']} waiting, {queue['running']} running\n")
    print_table(
        ["part", "process", "the run before"],
        [
            (name, pid or "restarting", facts["ends"].get(name, "-"))
            for name, pid in facts["parts"].items()
        ],
        "`swallow up` does not run on this home.",
    )
    print_table(
        [
            "worker",
            "state",
            "queues",
            "model",
            "engine",
            "weights",
            "running",
            "answered",
            "tokens/s",
        ],
        [_worker_row(worker) for worker in facts["workers"]],
        "No worker is registered: start `swallow up` or `swallow worker`.",
    )
    if refused := _refused(facts["workers"]):
        print_table(["worker", "cannot use", "because"], refused, "")
    print_table(
        ["running job", "kind", "asked", "attempt", "worker"],
        [
            (j["id"], j["kind"], age(j["created"]), _attempt(j), j["worker"])
            for j in facts["running"]
        ],
        "No job is running.",
    )


def _attempt(job: dict[str, Any]) -> str:
    return f"{job['attempt']}, alone" if job["alone"] else str(job["attempt"])


def _worker_row(worker: dict[str, Any]) -> tuple[object, ...]:
    speed = worker["tokens_per_second"]
    return (
        worker["name"],
        worker["state"] + (f": {worker['detail']}" if worker["detail"] else ""),
        ",".join(worker["queues"]),
        worker["model"] or "-",
        worker["engine"] or "-",
        worker["precision"] or "-",
        worker["running"],
        worker["answered"],
        f"{speed:.1f}" if speed else "-",
    )


def _refused(workers: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return the rows that say which adapters each worker cannot answer with, and why."""
    from tasks.adapters.reference import adapter_name

    return [
        (worker["name"], adapter_name(adapter), why)
        for worker in workers
        for adapter, why in worker["refused"].items()
    ]


def _facts() -> dict[str, Any]:
    from tasks.adapters.in_use import AdaptersInUse
    from tasks.adapters.reference import adapter_name
    from tasks.broker.connection import NO_WRITES, address_of, jobs_of, reachable, why_no_writes
    from tasks.broker.relay_claims import no_access, unanswered
    from tasks.broker.workers import Workers
    from tasks.settings import settings
    from tasks.supervisor import up_file

    with reachable(settings()):
        jobs = jobs_of(settings(), patience=1)
        refuses = why_no_writes(jobs.redis)
        open_jobs = jobs.open_states()
        workers = Workers(jobs.redis).all()
        in_use = AdaptersInUse(jobs.redis)
        adapter, by_channel = in_use.default(), in_use.by_channel()
        refused, waiting = no_access(jobs.redis), unanswered(jobs.redis)
    questions = [job for job in open_jobs if job.kind == "answer"]
    states = Counter("queued" if job.state == "new" else job.state for job in questions)
    up = up_file.read(settings().home)
    return {
        "home": str(settings().home),
        "broker": str(address_of(settings())),
        "broker_takes_writes": not refuses,
        "broker_refuses": NO_WRITES[refuses][0] if refuses else "",
        "workspace": up.get("workspace"),
        "adapter": adapter_name(adapter),
        "channel_adapters": {id: adapter_name(used) for id, used in by_channel.items()},
        "no_access": refused,
        "unanswered": waiting,
        "ends": up.get("ends", {}),
        "parts": up.get("parts", {}) | ({"up": up["pid"]} if "pid" in up else {}),
        "workers": [asdict(worker) for worker in workers],
        "jobs": {"queued": states["queued"], "running": states["running"]},
        "running": [
            {key: getattr(job, key) for key in _RUNNING}
            for job in open_jobs
            if job.state == "running"
        ],
    }
