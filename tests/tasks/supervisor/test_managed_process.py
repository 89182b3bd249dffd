"""The lines of a managed process reach the log, however long they are."""

import asyncio
import sys

import pytest

from tasks.errors import EXIT_SETTING_INVALID, SettingInvalid
from tasks.supervisor.managed_process import LONGEST_LINE, ManagedProcess


def lines_of(code: str) -> list[str]:
    """Run Python code as a managed process, once, and return what it logged."""
    logged: list[str] = []

    async def run() -> None:
        part = ManagedProcess("part", [sys.executable, "-c", code])

        def changed() -> None:
            part.stopping = part.pid is None

        await part.keep_running(lambda name, line: logged.append(line), changed)

    asyncio.run(run())
    return logged


def test_lines_are_logged_one_by_one_also_the_last_without_an_end() -> None:
    assert lines_of("print('one'); print('two'); print('燕', end='')") == ["one", "two", "燕"]


def test_a_line_of_megabytes_is_logged_in_pieces_and_what_follows_too() -> None:
    logged = lines_of("print('x' * 3_000_000); print('after')")

    assert logged[-1] == "after"
    assert sum(map(len, logged[:-1])) == 3_000_000
    assert max(map(len, logged)) <= 2 * LONGEST_LINE


def test_a_kill_is_named_with_its_usual_cause() -> None:
    part = ManagedProcess("part", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])

    def changed() -> None:
        part.stopping = part.pid is None

    asyncio.run(part.keep_running(lambda name, line: None, changed))

    assert part.last_end == "was killed by SIGKILL (by the kernel, if memory is short)"


def test_what_cannot_use_a_setting_is_not_started_again_and_again() -> None:
    part = ManagedProcess("bot", [sys.executable, "-c", f"exit({EXIT_SETTING_INVALID})"])

    with pytest.raises(SettingInvalid, match="The bot cannot use the setting"):
        asyncio.run(part.keep_running(lambda name, line: None, lambda: None))
