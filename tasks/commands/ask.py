"""`swallow ask`: one question in this process, as the reference's `sample_swallow.py`."""

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tasks.commands.terminal.options import engine_option, home_option, model_option, set_variables
from tasks.commands.terminal.text_or_file import file_of, text_of
from tasks.commands.terminal.thinking_line import ThinkingLine
from trainer.files import expanded
from trainer.prompts.thinking import MOST_TOKENS, Thinking, read_thinking

if TYPE_CHECKING:
    from tasks.engines.protocol import Answer, Engine, Question


def _thinking(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> Thinking | None:
    if value is None:
        return None
    thinking = read_thinking(value)
    if thinking is None:
        raise click.BadParameter(
            f"{value!r} is not off, on or a number of tokens from 1 to {MOST_TOKENS}."
        )
    return thinking


@click.command()
@click.option("--instruction", required=True, help="What to do: the text, or a file that holds it.")
@click.option("--input", "input_", default="", help="Material for it: the text, or a file.")
@click.option("--lora-data", help="Adapter: a name under the home, or a folder (with a slash).")
@model_option
@engine_option
@home_option
@click.option(
    "--style", type=click.Choice(["alpaca-ja", "alpaca-en", "chat"]), help="Prompt style."
)
@click.option(
    "--max-new-tokens", type=click.IntRange(1, 4096), default=128, show_default=True, help="Length."
)
@click.option(
    "--think",
    callback=_thinking,
    metavar="off|on|TOKENS",
    help="How much a model that reasons first may think; unset: SWALLOW_THINKING.",
)
@click.option("--temperature", type=click.FloatRange(0, 5), help="0 is greedy; unset: the model's.")
@click.option(
    "--top-p", type=click.FloatRange(0, 1, min_open=True), help="Nucleus; unset: the model's."
)
@click.option(
    "--top-k",
    type=click.IntRange(0, 1_000_000),
    help="Of the likeliest tokens, 0: of all; unset: the model's.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Makes a drawn answer repeatable.")
@click.option("--verbose", is_flag=True, help="Print adapter, files, model and prompt as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ask(
    instruction: str,
    input_: str,
    lora_data: str | None,
    model: str | None,
    engine: str | None,
    home: Path | None,
    style: str | None,
    max_new_tokens: int,
    think: Thinking | None,
    temperature: float | None,
    top_p: float | None,
    top_k: int | None,
    seed: int | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Ask one question here and stream the answer, without broker or bot."""
    set_variables(home=expanded(home).absolute() if home else None, model=model, engine=engine)
    from tasks.engines.protocol import Question
    from tasks.settings import settings
    from trainer.adapters.adapter import read
    from trainer.adapters.names import folder_of

    # Before the model is loaded, which takes long, so that a broken adapter is reported at once.
    adapter = read(folder_of(lora_data, settings().home)) if lora_data else None
    question_text, material = text_of(instruction), text_of(input_)
    loaded = load()
    question = Question(
        instruction=question_text,
        input=material,
        sampling=loaded.sampling.changed(
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            seed=seed,
        ),
        adapter=adapter,
        style=style,
        thinking=settings().thinking if think is None else think,
    )
    if verbose and not as_json:
        click.echo(f"adapter: {adapter.path if adapter else 'none'}")
        click.echo(f"instruction: {_origin(instruction)}")
        click.echo(f"input: {_origin(input_) if input_ else 'none'}")
        click.echo(f"model: {loaded.model} ({loaded.name})")
    _answer(loaded, question, verbose=verbose, as_json=as_json)


def load() -> "Engine":
    """Load the engine of the settings; on a terminal a line says so, because it takes long."""
    os.environ["TQDM_DISABLE"] = "1"  # the libraries' bars; tqdm reads it when it is imported
    from tasks.engines.choose import load_engine
    from tasks.settings import settings

    if sys.stderr.isatty():
        click.echo("Loading the model…", err=True)
    return load_engine(settings())


def _answer(engine: "Engine", question: "Question", *, verbose: bool, as_json: bool) -> None:
    pieces: list[str] = []
    line = ThinkingLine()

    def on_text(text: str) -> None:
        line.clear()
        pieces.append(text)
        if not as_json:
            click.echo(text, nl=False)

    try:
        answer = engine.answer(question, on_text, lambda: False, line.show)
    finally:
        line.clear()
    if as_json:
        click.echo(json.dumps(_result(engine, answer, "".join(pieces)), ensure_ascii=False))
        return
    click.echo()
    if verbose:
        click.echo(f"\nprompt:\n{answer.prompt}")
        click.echo(f"\n{answer.tokens} tokens in {answer.seconds:.1f} s ({answer.finish})")
        if answer.thought_tokens:
            cut = ", which the limit ended" if answer.thought_cut else ""
            click.echo(f"{answer.thought_tokens} of them thought{cut}")


def _result(engine: "Engine", answer: "Answer", text: str) -> dict[str, object]:
    return {
        "answer": text,
        "model": engine.model,
        "engine": engine.name,
        "prompt": answer.prompt,
        "prompt_tokens": answer.prompt_tokens,
        "tokens": answer.tokens,
        "thought_tokens": answer.thought_tokens,
        "thought_cut": answer.thought_cut,
        "seconds": round(answer.seconds, 3),
        "first_token_seconds": round(answer.first_token_seconds, 3),
        "finish": answer.finish,
        "cut_characters": answer.cut_characters,
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _origin(value: str) -> str:
    return f"file {value}" if file_of(value) else value
