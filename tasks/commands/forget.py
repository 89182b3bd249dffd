"""`swallow forget`: removes what is kept of a person."""

import re
import sys
from dataclasses import asdict

import click

from tasks.commands.terminal.output import as_json, print_json


@click.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def forget(user: str, yes: bool, as_json: bool) -> None:
    """Remove what is kept of a person (a Slack user id); messages in Slack stay."""
    from tasks.audit import Audit, operator
    from tasks.broker.connection import jobs_of, reachable
    from tasks.privacy import forget as privacy
    from tasks.settings import settings

    if not re.fullmatch(r"[UW][A-Z0-9]+", user):
        raise click.BadParameter(
            f"{user!r} is not a Slack user id, which looks like U024BE7LH: in the person's profile "
            "in Slack, choose “Copy member ID”.",
            param_hint="USER",
        )
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody can be asked here: add --yes.")
        click.confirm(f"Remove what is kept of {user} for good?", abort=True)
    audit = Audit(settings().home)
    audit.check()
    with reachable(settings()):
        jobs = jobs_of(settings(), patience=1)
        done = privacy.forget(jobs, user, operator(), settings().home)
    audit.write(who=operator(), action="forget", target=user, outcome="done", records=done.records)
    if as_json:
        print_json(asdict(done))
    elif not done.records:
        click.echo(f"Nothing is kept of {user}.")
    else:
        click.echo(
            f"Removed of {user}: {done.jobs} jobs ({done.ended} of them cancelled), "
            f"{done.turns} messages in other people's questions, {done.threads} followed threads, "
            f"{done.rows} rows of feedback. Messages in Slack stay."
        )
    if done.adapters and not as_json:
        click.echo(f"Adapters made with those rows stay: {', '.join(done.adapters)}.")
