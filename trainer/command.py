"""The command `train`: reads its options, runs a training, ends with one exit code.

`python -m trainer` runs it, and the `swallow` command line has it as `swallow train`. The options
themselves are described in `planning/options.py`. torch is imported only when a training starts.
Exit codes: 0 done, 1 failed with one sentence, 2 usage, 75 interrupted and resumable (EX_TEMPFAIL
of sysexits.h).
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from trainer.errors import TrainerError
from trainer.files import expanded
from trainer.planning.option_spec import OptionSpec
from trainer.planning.options import OPTIONS, Options
from trainer.process import parent_death, ranks, standard_output
from trainer.progress import events

EXIT_INTERRUPTED = 75
CONTEXT = {"token_normalize_func": lambda token: token.replace("_", "-"), "show_default": True}


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for spec in reversed(OPTIONS):
        function = _click_option(spec)(function)
    return function


def _click_option(spec: OptionSpec) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the decorator that adds an option to a command."""
    flag = f"{spec.flag}/--no-{spec.flag.removeprefix('--')}" if spec.kind is bool else spec.flag
    default = ",".join(spec.default) if isinstance(spec.default, tuple) else spec.default
    kind: Any = None
    if spec.kind in (int, float):
        kind = spec.kind
    elif spec.kind is str and spec.choices:
        kind = click.Choice(spec.choices)
    return click.option(flag, spec.name, type=kind, default=default, help=spec.help)


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
    if parent is None:  # one that was begun by a worker has a reader that always reads
        standard_output.never_block(terminals=False)
    listener = events.JsonLines(sys.stdout) if shown == "json" else _bar()
    if parent is not None:
        parent_death.end_with(parent)
        listener(events.Begun())
    home = expanded(home).absolute()
    try:
        if plan_only:
            _plan(_options(values), home, as_json)
        else:
            _train(_options(values), home, training_id, resume, listener)
    except TrainerError as error:
        listener(events.Failed(reason=str(error)))
        _leave(str(error), 1)
    except Exception as error:
        listener(events.Failed(reason=f"Unexpected {type(error).__name__}; see the log."))
        raise


def _options(values: dict[str, Any]) -> Options:
    # The reference wrote a Python list: --lora-target-modules "['q_proj', 'v_proj']".
    modules = values.pop("lora_target_modules")
    if modules is not None:
        modules = tuple(modules.strip("[]").replace(" ", "").replace("'", "").split(","))
    return Options(lora_target_modules=modules, **values)


def _bar() -> events.Listener:
    from trainer.progress.terminal_bar import Bar

    return Bar(sys.stderr)


def _plan(options: Options, home: Path, as_json: bool) -> None:
    _silence_libraries()
    from trainer.planning import duration, plan

    planned = duration.with_speed(plan.make(options, home), home).to_dict()
    if as_json:
        click.echo(json.dumps(planned, ensure_ascii=False))
    else:
        from trainer.progress.terminal_bar import described

        click.echo(described(planned))


def _train(
    options: Options,
    home: Path,
    training_id: str | None,
    resume: str | None,
    listener: events.Listener,
) -> None:
    _silence_libraries()
    from trainer.process.signals import StopRequested
    from trainer.run import start as run

    try:
        if resume is None:
            run.start(options, home, training_id=training_id, listener=listener)
        else:
            run.resume(home, resume or training_id, listener=listener)
    except StopRequested as stop:
        listener(events.Interrupted(training=stop.training, reason=str(stop)))
        _leave(str(stop), EXIT_INTERRUPTED)
    ranks.leave(0)


def _silence_libraries() -> None:
    """Turn off the libraries' own progress bars and warnings, which no user can act on."""
    import warnings

    os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported
    from huggingface_hub.utils.tqdm import disable_progress_bars
    from transformers.utils import logging

    disable_progress_bars()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore")


def _leave(sentence: str, code: int) -> NoReturn:
    """Print `sentence` to stderr and end the process with `code`."""
    click.echo(sentence, err=True)
    ranks.leave(code)
