"""`swallow adapter`: the adapters of this home, and which one answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tasks.admin_act import admin_act
from tasks.commands.compare import compare
from tasks.commands.exchange import export, import_
from tasks.commands.terminal.output import as_json, print_json, print_table

if TYPE_CHECKING:
    from tasks.adapters.registry import ListedAdapter, Registry
    from trainer.adapters.adapter import Adapter


@click.group()
def adapter() -> None:
    """List, show, choose, compare, export, import and remove adapters."""


adapter.add_command(compare)
adapter.add_command(export)
adapter.add_command(import_)


@adapter.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the adapters of this home with what their evaluation found."""
    from tasks.settings import settings

    rows = [asdict(listed) for listed in _listed()]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["adapter", "in use", "base model", "rank", "verdict"],
        [_row(row) for row in rows],
        f"No adapters in {settings().home / 'adapters'}.",
    )


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    if row["problem"]:
        return (row["name"], "", "-", "-", row["problem"])
    in_use = ", ".join((["yes"] if row["in_use"] else []) + [*row["channels"]])
    return (row["name"], in_use, row["base_model"], row["rank"], row["verdict"] or "-")


def _channel_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    from tasks.adapters.in_use import is_channel

    if value and not is_channel(value):
        raise click.BadParameter(
            f"{value!r} is not the id of a channel (C…), which Slack shows under the channel's "
            "details; direct messages use the adapter for all."
        )
    return value or ""


channel_option = click.option(
    "--channel", metavar="ID", callback=_channel_id, help="In one channel only, by its id (C…)."
)


@adapter.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what is known of an adapter, as JSON."""
    from tasks.settings import settings
    from trainer.adapters.adapter import read
    from trainer.adapters.names import folder_of

    found = read(folder_of(name, settings().home))
    print_json(
        {
            "name": found.name,
            "path": str(found.path),
            "base_model": found.base_model,
            "style": found.style,
            "rank": found.rank,
            "alpha": found.alpha,
            "targets": found.targets,
            "digest": found.digest,
            "about": found.about,
            "votes": _votes(found),
        }
    )


def _votes(adapter: "Adapter") -> dict[str, int] | None:
    """Return how people have voted on the adapter; None where nobody could, or without a broker."""
    from tasks.adapters.reference import reference
    from tasks.blind.store import Blind
    from tasks.broker.connection import connect, is_known, reachable
    from tasks.errors import BrokerAway
    from tasks.settings import settings

    if not is_known(settings()):
        return None
    try:
        with reachable(settings()):
            tally = Blind(connect(settings(), patience=1)).tally(reference(adapter))
    except BrokerAway:
        return None
    return asdict(tally) if tally else None


@adapter.command("use")
@click.argument("name")
@channel_option
@click.option("--anyway", is_flag=True, help="Also one that answers worse than the base model.")
def use_(name: str, channel: str, anyway: bool) -> None:
    """Answer with an adapter from the next question on."""
    from tasks.adapters.registry import verdict_of

    with admin_act("adapter use", _target(name, channel)), _connected() as registry:
        found = registry.use(name, channel, anyway=anyway)
    verdict, where = verdict_of(found), f" in {channel}" if channel else ""
    click.echo(
        f"{name} answers{where} from the next question on" + (f" ({verdict})." if verdict else ".")
    )


@adapter.command()
@channel_option
def off(channel: str) -> None:
    """Answer without an adapter from the next question on.

    With --channel, the adapter for all answers there again.
    """
    with admin_act("adapter off") as act, _connected() as registry:
        name = registry.off(channel)
        act.target = _target(name, channel)
    where = f" in {channel}" if channel else ""
    click.echo(f"{name} is off{where}." if name else f"No adapter was in use{where}.")


def _target(name: str, channel: str) -> str:
    """Return what is put in use or taken back where, for the audit log."""
    return f"{name} in {channel}".strip() if channel else name


@adapter.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove an adapter of this home for good."""
    with admin_act("adapter remove", name), _knowing_what_is_in_use(name) as registry:
        folder = registry.get(name).path
        if not yes:
            click.confirm(f"Remove {folder}?", abort=True)
        registry.remove(name)
    click.echo(f"Removed {name}.")


@contextmanager
def _connected() -> "Iterator[Registry]":
    """Give the registry with a broker that answers.

    Raises:
        BrokerAway: it does not answer.
    """
    from tasks.adapters.registry import Registry
    from tasks.broker.connection import connect, reachable
    from tasks.settings import settings

    with reachable(settings()):
        redis = connect(settings(), patience=1)
        redis.ping()
        yield Registry(settings(), redis)


@contextmanager
def _knowing_what_is_in_use(name: str) -> "Iterator[Registry]":
    """Give the registry with a broker that answers, or without one where there never was any.

    Raises:
        BrokerAway: there is a broker and it does not answer, so that `name` may be in use.
    """
    from tasks.adapters.registry import Registry
    from tasks.broker.connection import is_known
    from tasks.errors import BrokerAway
    from tasks.settings import settings

    if not is_known(settings()):
        yield Registry(settings(), None)
        return
    try:
        with _connected() as registry:
            yield registry
    except BrokerAway as error:
        raise BrokerAway(f"{name} may be in use and is not removed. {error}") from error


def _listed() -> "list[ListedAdapter]":
    """Return the adapters of this home; without a broker none is shown as in use."""
    from tasks.adapters.registry import Registry
    from tasks.errors import BrokerAway
    from tasks.settings import settings

    try:
        with _connected() as registry:
            return registry.all()
    except BrokerAway:
        return Registry(settings(), None).all()
