"""`python -m trainer` in a process that is forked instead of started.

Importing torch and transformers takes longer than what most tests train. One server process imports
them once; each command then runs in a fork of it, with arguments, output, signals and exit code of
its own. A few tests start the command as people do, so that its start is tested too.
"""

import json
import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TextIO

from tests.patience import SECONDS

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.trainer.forked", "trainer.run.session", "trainer.command"])


class Forked:
    """A running command; `stdout` gives its lines as they come, `stderr` is there at its end."""

    def __init__(self, arguments: list[str]) -> None:
        # tqdm reads this when it is imported, which the server does once for all.
        os.environ["TQDM_DISABLE"] = "1"
        output, output_end = _CONTEXT.Pipe(duplex=False)
        errors, errors_end = _CONTEXT.Pipe(duplex=False)
        folder, environment = str(Path.cwd()), dict(os.environ)
        self._process: BaseProcess = _CONTEXT.Process(
            target=_command, args=(arguments, environment, folder, output_end, errors_end)
        )
        self._process.start()
        output_end.close()
        errors_end.close()
        self.stdout, self._errors = _text_of(output), _text_of(errors)
        self.stderr = ""

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()

    def finish(self) -> str:
        """Wait for its end and return what it still wrote to its output."""
        with self.stdout, self._errors:
            rest, self.stderr = self.stdout.read(), self._errors.read()
        self._process.join(SECONDS)
        return rest

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.exitcode


def run(arguments: list[str], code: int = 0) -> list[dict[str, Any]]:
    """Run a command to its end and return its events."""
    done = Forked(arguments)
    lines = done.finish().splitlines()
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in lines]


def _text_of(end: Connection) -> TextIO:
    with end:
        return os.fdopen(os.dup(end.fileno()), encoding="utf-8")


def _command(
    arguments: list[str],
    environment: dict[str, str],
    folder: str,
    output: Connection,
    errors: Connection,
) -> None:
    os.dup2(output.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    output.close()
    errors.close()
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", encoding="utf-8")
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from trainer.command import train
    from trainer.process import standard_output

    try:
        train(arguments, prog_name="python -m trainer")
    finally:
        standard_output.end()
