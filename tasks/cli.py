"""The command `swallow`: one group, a file for each command in `tasks/commands`.

Commands import what is heavy only when they run, so that `--help` is quick.
"""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from tasks.commands.adapter import adapter
from tasks.commands.ask import ask
from tasks.commands.doctor import doctor
from tasks.commands.feedback import feedback
from tasks.commands.forget import forget
from tasks.commands.jobs import jobs
from tasks.commands.prepare import prepare
from tasks.commands.serve import bot, up, worker
from tasks.commands.status import status
from tasks.commands.terminal.output import printable
from tasks.commands.train import train
from tasks.errors import TaskError
from trainer.errors import TrainerError


def _dashes(name: str) -> str:
    """Accept an option spelled with `_` for `-`."""
    return name.replace("_", "-")


@click.group(
    context_settings={
        "token_normalize_func": _dashes,
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    }
)
@click.version_option(package_name="swallow-slack", message="%(version)s")
@click.pass_context
def swallow(context: click.Context) -> None:
    """Your own Japanese LLM in Slack, on a machine without a GPU."""
    if context.invoked_subcommand == "train":
        # The trainer reads no settings of this package: its defaults are handed to it here.
        context.default_map = {"train": _training_defaults()}


def _training_defaults() -> dict[str, Any]:
    from tasks.settings import settings

    values = {
        "home": settings().home,
        "base_model": settings().model,
        "style": settings().style,
        "data_path": settings().train_data,
        "threads": settings().threads,
        "checkpoint_minutes": settings().checkpoint_minutes,
    }
    return {name: value for name, value in values.items() if value is not None}


for _command in (
    *(up, bot, worker, ask, train, adapter, feedback),
    *(jobs, status, prepare, doctor, forget),
):
    swallow.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command: exit code 0 done, 1 failed with a one-line reason, 2 usage."""
    # Inherited by every Python process that ours start, and libraries within them: none imports
    # what lies in the working directory under a name of ours, `tasks.py` for instance.
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        swallow.main(arguments, prog_name="swallow")
    except (TaskError, TrainerError) as error:
        # It may quote a file or a person.
        click.echo(f"swallow: {printable(str(error))}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has closed the pipe, as `head` does. What is still buffered goes
        # nowhere, so that flushing it at exit raises no second error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


logging.getLogger("tasks").addHandler(logging.NullHandler())

if __name__ == "__main__":
    main()
