"""`swallow adapter compare`: the base model and an adapter answer one question, in this process."""

from typing import TYPE_CHECKING

import click

from tasks.commands.ask import load
from tasks.commands.terminal.output import as_json, print_json
from tasks.commands.terminal.thinking_line import ThinkingLine

if TYPE_CHECKING:
    from tasks.engines.protocol import Engine
    from trainer.adapters.adapter import Adapter


@click.command()
@click.argument("name")
@click.argument("question", nargs=-1, required=True)
@as_json
def compare(name: str, question: tuple[str, ...], as_json: bool) -> None:
    """Let the base model and an adapter answer the same question."""
    from tasks.settings import settings
    from trainer.adapters.adapter import read
    from trainer.adapters.names import folder_of

    # Before the model is loaded, which takes long, so that a broken adapter is reported at once.
    adapter = read(folder_of(name, settings().home))
    engine = load()
    answers = {}
    for key, heading, used in (("base", "base", None), ("adapter", adapter.name, adapter)):
        if not as_json:
            click.secho(f"{heading}:", bold=True)
        answers[key] = _answer(engine, " ".join(question), used, quiet=as_json)
    if as_json:
        print_json(answers)


def _answer(engine: "Engine", question: str, adapter: "Adapter | None", *, quiet: bool) -> str:
    from tasks.engines.protocol import Question
    from tasks.settings import settings

    pieces: list[str] = []
    line = ThinkingLine()

    def on_text(text: str) -> None:
        line.clear()
        pieces.append(text)
        if not quiet:
            click.echo(text, nl=False)

    sampling = engine.sampling.changed(max_new_tokens=settings().max_new_tokens)
    asked = Question(question, sampling=sampling, adapter=adapter, thinking=settings().thinking)
    try:
        engine.answer(asked, on_text, lambda: False, line.show)
    finally:
        line.clear()
    if not quiet:
        click.echo("\n")
    return "".join(pieces)
