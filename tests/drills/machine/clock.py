"""The clock of the system's machine jumps, forward and back, while questions run.

Done by libfaketime under every process of the system (Debian: `apt install faketime`). The worker
is killed after each jump; Slack's clock does not jump.
"""

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.drills.machine.beside_slack import system_beside_slack
from tests.drills.questions import Questions
from tests.patience import until
from tests.system.workspace import ONE_THREAD

LIBRARY = "faketime/libfaketimeMT.so.1"
PATIENCE_SECONDS = 600.0
"""No job may wait for the hour to pass."""


def library() -> Path | None:
    """Return libfaketime, None where it is not installed."""
    return next(Path("/usr/lib").glob(f"*/{LIBRARY}"), None)


class Clock:
    """The clock of every process that has `settings` in its environment."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    @property
    def settings(self) -> dict[str, str]:
        """The variables."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
        }

    def set(self, seconds: int) -> None:
        """Let it be this much ahead of the true one."""
        aside = self._file.with_suffix(".new")
        aside.write_text(f"{seconds:+d}", encoding="ascii")
        aside.rename(self._file)


def run(folder: Path, options: argparse.Namespace, cache: Path | None = None) -> dict[str, Any]:
    """Run this part of the drill in an empty folder and return its figures."""
    clock = Clock(folder / "clock")
    settings = ONE_THREAD | {"SWALLOW_MAX_NEW_TOKENS": "60"} | clock.settings
    with system_beside_slack(folder, options.engine, cache, settings) as system:
        questions = Questions(system, options.seed, different=options.different)
        questions.learn(rounds=options.rounds)
        counts: Counter[str] = Counter()
        longest = 0.0
        for number in range(2 * options.jumps):
            forward = number % 2 == 0
            for _ in questions.ask(options.questions, at_once=100):
                pass
            until(lambda: any(job.state == "running" for job in system.jobs.open_states()))
            clock.set(3600 if forward else 0)
            system.kill("worker")
            counts["forward" if forward else "back"] += 1
            began = time.monotonic()
            outcome = questions.check(patience_seconds=PATIENCE_SECONDS)
            longest = max(longest, time.monotonic() - began)
        time.sleep(5)  # for a message too many
        outcome = questions.check(patience_seconds=0)
        return {
            "questions": dict(outcome),
            "problems": questions.problems,
            "jumps": dict(counts),
            "longest_seconds_to_all_answers": round(longest),
        }
