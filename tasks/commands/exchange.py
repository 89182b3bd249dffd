"""`swallow adapter export` and `import`: adapters taken to other programs and brought from them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tasks.admin_act import admin_act
from tasks.commands.terminal.options import model_option, set_variables

if TYPE_CHECKING:
    from tasks.engines.conversion_progress import ProgressBar

_place = click.Path(path_type=Path)


@click.command("export")
@click.argument("name")
@click.option("--merged", type=_place, metavar="DIR", help="The whole model, for transformers.")
@click.option("--gguf", type=_place, metavar="FILE", help="The adapter alone, for llama.cpp.")
@click.option("--peft", type=_place, metavar="DIR", help="The adapter alone, for PEFT.")
@model_option
def export(
    name: str, merged: Path | None, gguf: Path | None, peft: Path | None, model: str | None
) -> None:
    """Take an adapter to other programs.

    Nothing is overwritten. --merged and --gguf need the base model's files.
    """
    places = [place for place in (merged, gguf, peft) if place is not None]
    if not places:
        raise click.UsageError("Say what to write: --merged DIR, --gguf FILE or --peft DIR.")
    set_variables(model=model)
    from tasks.exchange.gguf_adapter import export_gguf
    from tasks.exchange.merged import export_merged
    from tasks.exchange.peft_folder import export_peft
    from tasks.exchange.targets import require_free
    from tasks.settings import settings
    from trainer.adapters.adapter import read
    from trainer.adapters.names import folder_of
    from trainer.base_model.source import find

    with admin_act("adapter export", name):
        for place in places:  # all before the first is written
            require_free(place)
        adapter = read(folder_of(name, settings().home))
        if peft:
            export_peft(adapter, peft)
            click.echo(f"{peft} holds {name}.")
        if gguf:
            with _bar("Writing") as bar:
                source = find(settings().model)
                export_gguf(adapter, source, gguf, cache=settings().cache, progress=bar)
            click.echo(f"{gguf} holds {name} for {source.name} in llama.cpp.")
        if merged:
            with _bar("Merging") as bar:
                source = find(settings().model)
                export_merged(adapter, source, merged, cache=settings().cache, progress=bar)
            click.echo(f"{merged} holds {source.name} with {name} merged into it.")


@click.command("import")
@click.argument("folder", type=_place)
@click.option("--name", help="What it is called here; by default as its folder.")
@click.option("--style", help="The prompt style that it was trained with, where it does not say.")
@model_option
def import_(folder: Path, name: str | None, style: str | None, model: str | None) -> None:
    """Bring an adapter that was trained elsewhere with PEFT.

    It is checked like any other and must fit the model; a taken name becomes NAME-2.
    """
    set_variables(model=model)
    from tasks.exchange.peft_folder import import_peft, read_foreign
    from tasks.settings import settings
    from trainer.adapters.names import folder_of
    from trainer.base_model.source import find
    from trainer.errors import AdapterRefused

    called = name or folder.resolve().name
    with admin_act("adapter import", called) as act:
        if "/" in called:
            raise AdapterRefused(f"{called!r} is a path; --name takes a name.")
        place = folder_of(called, settings().home)
        adapter = read_foreign(folder.resolve())
        chosen = style or adapter.style or _asked_style(folder)
        source = find(settings().model)
        written = import_peft(adapter, source, place, chosen, cache=settings().cache)
        act.target = written.name
    click.echo(f"{written.name} is there, for {source.name} in the prompt style {chosen}.")


def _asked_style(folder: Path) -> str:
    """Ask for the prompt style at a terminal.

    Raises:
        AdapterRefused: nobody can be asked.
    """
    from trainer.errors import AdapterRefused
    from trainer.prompts.templates import STYLES

    if not _is_terminal():
        raise AdapterRefused(
            f"{folder} does not say with which prompts the adapter was trained, and with others it "
            f"answers worse: say --style {'|'.join(STYLES)}."
        )
    answer: str = click.prompt(
        "With which prompts was it trained?", type=click.Choice(list(STYLES))
    )
    return answer


def _is_terminal() -> bool:
    return sys.stdin.isatty()


@contextmanager
def _bar(label: str) -> "Iterator[ProgressBar]":
    from tasks.engines.conversion_progress import ProgressBar

    bar = ProgressBar(label)
    try:
        yield bar
    finally:
        bar.close()
