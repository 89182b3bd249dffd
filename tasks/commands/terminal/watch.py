"""Showing something again and again until Ctrl-C.

A terminal is redrawn in place, cut to its size; into a pipe each time follows the one before, under
a line with the time, which `bare` leaves out for programs. What cannot be shown now, as while the
broker is away, is said instead, and tried again.
"""

import io
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import partial

import click

from tasks.errors import TaskError

_TOP, _END_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"
_CUT, _WRAP = "\x1b[?7l", "\x1b[?7h"
"""Whether the terminal cuts a line that is too wide, or wraps it."""


def again_and_again(show: Callable[[], None], seconds: float, *, bare: bool = False) -> None:
    """Call `show`, which prints, every `seconds`; return when Ctrl-C is pressed."""
    with suppress(KeyboardInterrupt):
        if bare:
            _repeat(partial(_print, show), seconds)
        elif sys.stdout.isatty():
            click.clear()
            _repeat(lambda: _redraw(_text_of(show)), seconds)
        else:
            _repeat(lambda: click.echo(f"--- {_clock()}\n{_text_of(show)}"), seconds)


def _repeat(do: Callable[[], None], seconds: float) -> None:
    while True:
        do()
        sys.stdout.flush()
        time.sleep(seconds)


def _print(show: Callable[[], None]) -> None:
    try:
        show()
    except TaskError as error:
        click.echo(str(error), err=True)


def _text_of(show: Callable[[], None]) -> str:
    text = io.StringIO()
    try:
        with redirect_stdout(text):
            show()
    except TaskError as error:
        return f"{error}\n"
    return text.getvalue()


def _redraw(text: str) -> None:
    lines = [_clock(), *text.splitlines()][: shutil.get_terminal_size().lines - 1]
    # Line by line over the old picture: clearing the screen first would make it flicker.
    drawn = "".join(f"{line}{_END_OF_LINE}\n" for line in lines)
    click.echo(f"{_TOP}{_CUT}{drawn}{_REST}{_WRAP}", nl=False)


def _clock() -> str:
    return time.strftime("%H:%M:%S")
