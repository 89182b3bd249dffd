"""The command `train`: options in, a training, one exit code out.

`python -m trainer` runs it, and the `swallow` command line takes it over as `swallow train`. torch
is imported only when a training starts. Exit codes: 0 done, 1 failed with one sentence, 2 usage,
75 interrupted and resumable (EX_TEMPFAIL of sysexits.h).
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from trainer.adapters.adapter import PROJECTIONS
from trainer.errors import TrainerError
from trainer.planning.options import PRECISIONS, Options
from trainer.process import parent_death, ranks
from trainer.progress import events
from trainer.prompts import STYLES

INTERRUPTED = 75
DEFAULTS = Options()
CONTEXT = {"token_normalize_func": lambda token: token.replace("_", "-"), "show_default": True}

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--base-model", {"help": "Model: a folder, a .gguf file, a hub id; default the small model."}),
    ("--data-path", {"help": "Rows to learn: JSON, JSONL, CSV, a folder, a hub id, or `sample`."}),
    ("--output-dir", {"help": "Adapter's name, or a folder (with a slash); never overwritten."}),
    ("--num-epochs", {"type": int, "help": "How often each row is learned."}),
    (
        "--batch-size",
        {"type": int, "help": "Rows per step; default 128, fewer for small data (50 steps)."},
    ),
    (
        "--micro-batch-size",
        {"type": int, "help": "A pack holds at most this many times --cutoff-len tokens."},
    ),
    ("--learning-rate", {"type": float, "help": "AdamW's, after warm-up; decays linearly."}),
    ("--warmup-share", {"type": float, "help": "Share of the steps that warm up."}),
    ("--cutoff-len", {"type": int, "help": "Tokens of a row; longer ones lose their end."}),
    ("--val-set-size", {"type": int, "help": "Rows held out to judge by, at most an eighth."}),
    ("--val-data-path", {"help": "Hold out the rows of this source instead."}),
    ("--lora-r", {"type": int, "help": "Rank of the adapter."}),
    ("--lora-alpha", {"type": float, "help": "The adapter's strength is alpha / r."}),
    ("--lora-dropout", {"type": float, "help": "Dropout on the adapter's input."}),
    (
        "--lora-target-modules",
        {"help": f"Comma-separated layers to adapt, of {','.join(PROJECTIONS)}."},
    ),
    (
        "--train-on-inputs/--no-train-on-inputs",
        {"help": "Learn the prompt too, as the reference did."},
    ),
    ("--style", {"type": click.Choice(list(STYLES)), "help": "Prompt style; default the model's."}),
    (
        "--precision",
        {"type": click.Choice(PRECISIONS), "help": "Of the frozen base; auto suits the CPU."},
    ),
    ("--packing/--no-packing", {"help": "Pack rows into sequences that share the preamble."}),
    (
        "--gradient-checkpointing/--no-gradient-checkpointing",
        {"help": "Trade a third of the speed for memory; default only where needed."},
    ),
    ("--threads", {"type": int, "help": "Threads; default what measures fastest here."}),
    ("--checkpoint-minutes", {"type": float, "help": "Minutes between checkpoints."}),
    ("--seed", {"type": int, "help": "Order of rows, first weights, dropout."}),
)


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for flag, settings in reversed(OPTIONS):
        name = flag.lstrip("-").partition("/")[0].replace("-", "_")
        default = getattr(DEFAULTS, name)
        if isinstance(default, tuple):
            default = ",".join(default)
        function = click.option(flag, name, default=default, **settings)(function)
    return function


@click.command("train", context_settings=CONTEXT)
@_with_options
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SWALLOW_HOME",
    default="~/.swallow",
    help="Where trainings and adapters are kept.",
)
@click.option("--training-id", help="Name of this training, for --resume; default made up.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value="",
    metavar="[ID]",
    help="Continue this training, or the last unfinished one; its options stay as they were.",
)
@click.option("--plan", "plan_only", is_flag=True, help="Say what would be done, and stop.")
@click.option("--json", "as_json", is_flag=True, help="With --plan: as JSON.")
@click.option(
    "--parent", type=int, hidden=True, help="End when this process, which began it, does."
)
@click.option(
    "--progress",
    "shown",
    type=click.Choice(["bar", "json"]),
    default="bar",
    help="A bar on stderr, or events as JSON lines on stdout.",
)
def train(
    home: Path,
    training_id: str | None,
    resume: str | None,
    plan_only: bool,
    as_json: bool,
    shown: str,
    parent: int | None,
    **values: Any,
) -> None:
    """Teach a model with a LoRA adapter, on the CPU."""
    listener = events.JsonLines(sys.stdout) if shown == "json" else _bar()
    if parent is not None:
        parent_death.end_with(parent)
        listener(events.Begun())
    home = home.expanduser().absolute()
    try:
        if plan_only:
            _plan(_options(values), home, as_json)
        else:
            _train(_options(values), home, training_id, resume, listener)
    except TrainerError as error:
        listener(events.Failed(reason=str(error)))
        ranks.leave(_said(str(error), 1))
    except Exception as error:
        listener(events.Failed(reason=f"Unexpected {type(error).__name__}; see the log."))
        raise


def _options(values: dict[str, Any]) -> Options:
    modules = values.pop("lora_target_modules").strip("[]").replace(" ", "").replace("'", "")
    return Options(lora_target_modules=tuple(modules.split(",")), **values)


def _bar() -> events.Listener:
    from trainer.progress.terminal_bar import Bar

    return Bar(sys.stderr)


def _plan(options: Options, home: Path, as_json: bool) -> None:
    _quiet()
    from trainer.planning import plan

    made = plan.make(options, home)
    if as_json:
        click.echo(json.dumps(made.to_dict(), ensure_ascii=False))
    else:
        from trainer.progress.terminal_bar import described

        click.echo(described(made.to_dict()))


def _train(
    options: Options,
    home: Path,
    training_id: str | None,
    resume: str | None,
    listener: events.Listener,
) -> None:
    _quiet()
    from trainer.process.signals import Interrupted
    from trainer.run import start as run

    try:
        if resume is None:
            run.start(options, home, training_id=training_id, listener=listener)
        else:
            run.resume(home, resume or training_id, listener=listener)
    except Interrupted as stopped:
        listener(events.Interrupted(training=stopped.training, reason=str(stopped)))
        ranks.leave(_said(str(stopped), INTERRUPTED))
    ranks.leave(0)


def _quiet() -> None:
    """Silence libraries: progress bars of their own, and advice that is not for users."""
    import warnings

    os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported
    from huggingface_hub.utils.tqdm import disable_progress_bars
    from transformers.utils import logging

    disable_progress_bars()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore")


def _said(sentence: str, code: int) -> int:
    click.echo(sentence, err=True)
    return code
