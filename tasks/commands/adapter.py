"""`swallow adapter`: the adapters of this home."""

import shutil
from typing import Any

import click

from tasks.commands.output import as_json, print_json, print_table


@click.group()
def adapter() -> None:
    """List, show and remove adapters."""


@adapter.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the adapters of this home with what their evaluation found."""
    from tasks.settings import settings
    from trainer.adapters import read
    from trainer.errors import AdapterRefused

    rows: list[dict[str, Any]] = []
    folder = settings().home / "adapters"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith("."):
            continue
        try:
            found = read(path)
        except AdapterRefused as error:
            rows.append({"name": path.name, "problem": str(error)})
            continue
        rows.append({"name": path.name, "base_model": found.base_model, "rank": found.rank})
        rows[-1]["verdict"] = _verdict(found.about)
    if as_json:
        print_json(rows)
        return
    print_table(
        ["adapter", "base model", "rank", "verdict"],
        [
            (r["name"], r.get("base_model", "-"), r.get("rank", "-"), r.get("verdict") or "-")
            if "problem" not in r
            else (r["name"], "-", "-", r["problem"])
            for r in rows
        ],
        f"No adapters in {folder}.",
    )


@adapter.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what is known of an adapter, as JSON."""
    from tasks.settings import settings
    from trainer.adapters import folder_of, read

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
        }
    )


@adapter.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove an adapter of this home for good."""
    from tasks.settings import settings
    from trainer.adapters import folder_of, read, valid_name

    if not valid_name(name):
        raise click.BadParameter(f"{name!r} is not the name of an adapter.", param_hint="NAME")
    folder = read(folder_of(name, settings().home)).path
    if not yes:
        click.confirm(f"Remove {folder}?", abort=True)
    shutil.rmtree(folder)
    click.echo(f"Removed {name}.")


def _verdict(about: Any) -> str:
    evaluation = about.get("evaluation") or {}
    return str(evaluation.get("verdict", "")) if isinstance(evaluation, dict) else ""
