"""Load: fifty people ask at once for half an hour; how fast it is, and whether memory stays flat.

    python -m tests.drills.load --minutes 30 --seed 1

Fifty questions are open at any time. Times are those of the local workspace: from a question's `ts`
to that of its answer's first text, and to the last edit. The first 200 questions are reported by
themselves, then all. Memory is anonymous memory: what the kernel cannot take back.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil

from tests.drills.command import run_as_command
from tests.drills.questions import Asked, Questions
from tests.system.workspace import System, running_system

FIRST = 200
SAMPLE_SECONDS = 10.0
WARM_UP = 0.2
"""The share of the run after which memory should not grow any more."""


class Memory:
    """Anonymous memory of every process of a system, sampled."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._samples: dict[str, list[tuple[float, float]]] = {}
        self._next = 0.0

    def sample(self) -> None:
        """Sample if that is due."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + SAMPLE_SECONDS
        for name, pid in self._processes().items():
            self._samples.setdefault(name, []).append((now, _anonymous_megabytes(pid)))

    def report(self) -> dict[str, dict[str, float]]:
        """Return each process' MB after warming up and at the end, and its growth in MB an hour.

        Both are medians of a fifth of the run; the growth is between them.
        """
        figures = {}
        for name, samples in self._samples.items():
            fifth = max(1, int(len(samples) * WARM_UP))
            early, late = samples[fifth : 2 * fifth] or samples, samples[-fifth:]
            start, end = (median(size for _, size in part) for part in (early, late))
            hours = (late[len(late) // 2][0] - early[len(early) // 2][0]) / 3600
            growth = (end - start) / hours if hours else 0.0
            figures[name] = {
                "after_warm_up": round(start, 1),
                "end": round(end, 1),
                "growth_per_hour": round(growth, 1),
            }
        return figures

    def _processes(self) -> dict[str, int]:
        up = json.loads((self._system.home / "up.json").read_text("utf-8"))
        pids = {name: int(pid) for name, pid in up["parts"].items() if pid}
        for child in psutil.Process(pids["worker"]).children(recursive=True):
            if "generator_process" in str(child.cmdline()):
                pids["generator"] = child.pid
        return pids


def _anonymous_megabytes(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines() if line.startswith("RssAnon")]
    return int(lines[0][1]) / 1024 if lines else 0.0


def times(questions: Questions, asked: list[Asked]) -> dict[str, Any]:
    """Return throughput, and the seconds to the first text and to the end."""
    first, end, ends = [], [], []
    for question in asked:
        message = questions.workspace.bot_messages(question.ts)[0]
        last = float(message.get("edited", message)["ts"])
        first.append(float(message["ts"]) - float(question.ts))
        end.append(last - float(question.ts))
        ends.append(last)
    seconds = max(ends) - float(asked[0].ts)
    return {
        "questions": len(asked),
        "answers_per_minute": round(60 * len(asked) / seconds, 1),
        "seconds_to_first_text": _summary(first),
        "seconds_to_end": _summary(end),
    }


def _summary(values: list[float]) -> dict[str, float]:
    return {"median": round(median(values), 2), "p95": round(quantiles(values, n=20)[-1], 2)}


def run(folder: Path, options: argparse.Namespace, cache: Path | None = None) -> dict[str, Any]:
    """Run the drill in an empty folder and return its figures."""
    settings = {"SWALLOW_MAX_NEW_TOKENS": str(options.tokens)}
    with running_system(folder, options.engine, cache, **settings) as system:
        questions, memory = Questions(system, options.seed), Memory(system)
        questions.learn(rounds=1)
        end = time.monotonic() + 60 * options.minutes
        for number in questions.ask(1_000_000, at_once=options.people):
            memory.sample()
            if time.monotonic() > end and number + 1 >= options.questions:
                break
        outcome = questions.check(patience_seconds=600)
        return {
            "seed": options.seed,
            "questions": dict(outcome),
            "first": times(questions, questions.asked[: options.questions]),
            "all": times(questions, questions.asked),
            "megabytes": memory.report(),
        }


def good(figures: dict[str, Any]) -> bool:
    """Tell whether nothing was lost, doubled or garbled."""
    return set(figures["questions"]) == {"answered"}


def main() -> None:
    """Run the drill with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50, help="questions open at any time")
    parser.add_argument("--questions", type=int, default=FIRST, help="reported by themselves")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--tokens", type=int, default=128, help="the longest answer")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--engine", default="auto")
    run_as_command(run, good, parser.parse_args())


if __name__ == "__main__":
    main()
