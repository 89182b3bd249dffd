"""`swallow up`, `swallow worker`, `swallow bot`: the commands that run until they are stopped."""

import asyncio
import os
import sys
from pathlib import Path

import click

from tasks.commands.terminal.options import (
    engine_option,
    home_option,
    listen_address_option,
    metrics_option,
    model_option,
    set_variables,
)
from trainer.files import expanded


@click.command()
@home_option
@click.option("--port", default=3980, show_default=True, help="Port of the local workspace.")
@click.option("--agent", is_flag=True, help="In the local workspace the bot is an agent.")
@model_option
@engine_option
@metrics_option
def up(
    home: Path | None,
    port: int,
    agent: bool,
    model: str | None,
    engine: str | None,
    metrics: tuple[str, int] | None,
) -> None:
    """Run everything on this machine: broker, workers, bot.

    With SLACK_BOT_TOKEN and SLACK_APP_TOKEN the bot connects to Slack, else to a local workspace
    with a web page.
    """
    set_variables(home=expanded(home).absolute() if home else None, model=model, engine=engine)
    from tasks.settings import settings
    from tasks.supervisor.up import Up
    from trainer.process.standard_output import never_block

    never_block()
    _serve_metrics(metrics, "up")
    asyncio.run(Up(settings(), port=port, agent=agent).run())


def _serve_metrics(address: tuple[str, int] | None, part: str) -> None:
    if address:
        from tasks.metrics.endpoint import serve_metrics
        from tasks.settings import settings

        serve_metrics(address, settings(), part)


@click.command()
@home_option
@model_option
@engine_option
@click.option(
    "--queues",
    default="answers",
    show_default=True,
    help="answers, plans, or training; plans and training belong on the host of the bot.",
)
@click.option("--name", help="What this worker is called; unset: by queue and host.")
@click.option(
    "--run", hidden=True, help="What `swallow up` made up for a part: unique, and kept at restarts."
)
@metrics_option
def worker(
    home: Path | None,
    model: str | None,
    engine: str | None,
    queues: str,
    name: str | None,
    metrics: tuple[str, int] | None,
    run: str | None,
) -> None:
    """Run one worker, for instance on another machine."""
    set_variables(home=expanded(home).absolute() if home else None, model=model, engine=engine)
    names = tuple(part.strip() for part in queues.split(",") if part.strip())
    unknown = [part for part in names if part not in ("answers", "plans", "training")]
    if unknown or not names:
        raise click.BadParameter(
            f"{queues!r}: choose from answers, plans, training.", param_hint="--queues"
        )
    if len(names) > 1:
        # A plan takes minutes and a training days, during which no question would be answered.
        raise click.BadParameter(
            f"{queues!r}: each queue takes a worker of its own.", param_hint="--queues"
        )
    from tasks.log_lines.set_up import set_up_logging
    from tasks.settings import settings
    from tasks.worker import WorkerProcess

    set_up_logging("worker", settings().log)
    _serve_metrics(metrics, "worker")
    sys.exit(WorkerProcess(settings(), names, name, run).run())


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--http",
    metavar="[ADDRESS:]PORT",
    callback=listen_address_option,
    help="Take Slack's requests there over HTTP, instead of Socket Mode; without an address on "
    "127.0.0.1 only, for a proxy with TLS in front.",
)
@click.option(
    "--health",
    metavar="[ADDRESS:]PORT",
    callback=listen_address_option,
    help="Serve `GET /health` there, also over Socket Mode.",
)
@metrics_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bot(
    http: tuple[str, int] | None,
    health: tuple[str, int] | None,
    metrics: tuple[str, int] | None,
    arguments: tuple[str, ...],
) -> None:
    """Run the bot alone; it connects to Slack with the tokens that are set.

    Over Socket Mode, with SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or with --http, which needs
    SLACK_SIGNING_SECRET instead of the second.
    """
    for name, address in (("http", http), ("health", health)):
        set_variables(**{name: "{}:{}".format(*address) if address else None})
    if metrics:
        arguments = (*arguments, "--metrics", *map(str, metrics))
    os.execv(sys.executable, [sys.executable, "-m", "bot", *arguments])  # noqa: S606
