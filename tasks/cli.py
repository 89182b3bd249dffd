"""The command `swallow`: one group, a file for each command in `tasks/commands`.

Commands import what is heavy only when they run, so that `--help` is quick.
"""

import logging
import os
import sys
from collections.abc import Sequence

import click

from tasks.commands.adapter import adapter
from tasks.commands.ask import ask
from tasks.commands.doctor import doctor
from tasks.commands.jobs import jobs
from tasks.commands.prepare import prepare
from tasks.commands.serve import bot, up, worker
from tasks.commands.status import status
from tasks.errors import TaskError
from trainer.command import train
from trainer.errors import TrainerError


def _dashes(name: str) -> str:
    """Take `_` for `-`: the reference's spelling works too."""
    return name.replace("_", "-")


@click.group(
    context_settings={
        "token_normalize_func": _dashes,
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    }
)
@click.version_option(package_name="swallow-slack", message="%(version)s")
def swallow() -> None:
    """Your own Japanese LLM in Slack, on a machine without a GPU."""


for _command in (up, bot, worker, ask, train, adapter, jobs, status, prepare, doctor):
    swallow.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command: exit code 0 done, 1 failed with a one-line reason, 2 usage."""
    try:
        swallow.main(arguments, prog_name="swallow")
    except (TaskError, TrainerError) as error:
        click.echo(f"swallow: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


logging.getLogger("tasks").addHandler(logging.NullHandler())

if __name__ == "__main__":
    main()
