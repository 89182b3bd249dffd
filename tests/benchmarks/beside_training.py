"""How long an answer takes while a training runs on the same host, compared with an idle host.

    python -m tests.benchmarks.beside_training [QUESTIONS]

The whole system runs with the small model and is asked one question repeatedly, greedily, so that
every answer has the same tokens. Between two questions the script waits until the training runs
again, so that each question interrupts it, which is the worst case. One run measures an idle host,
a host that trains, and an idle host again, in seconds from the question to its final message.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.patience import until
from tests.system.workspace import System, running_system

PAUSE_SECONDS = 6.5
"""Longer than the time for which a host counts as busy after an answer."""
QUESTION = "<@UBOT> Name three colours."


def ask(system: System) -> float:
    began = time.monotonic()
    system.workspace.answer(system.workspace.say(QUESTION))
    return time.monotonic() - began


def rounds(system: System, count: int) -> list[float]:
    times = []
    for _ in range(count):
        time.sleep(PAUSE_SECONDS)
        times.append(round(ask(system), 3))
    return times


def training(system: System) -> dict[str, object]:
    jobs = json.loads(system.command("jobs", "list", "--json").stdout)
    return next((job for job in jobs if job["kind"] == "train"), {})


def start_training(system: System) -> None:
    workspace = system.workspace
    workspace.command("/swallow-train epochs=30")  # under an hour, so that it starts at once
    until(lambda: "step" in str(workspace.history(workspace.channel("general"))))
    time.sleep(10)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(Path(folder), "auto", SWALLOW_DRAIN_SECONDS="1") as system,
    ):
        rounds(system, 2)
        idle = rounds(system, count)
        start_training(system)
        beside = rounds(system, count)
        print(json.dumps({"training": training(system).get("state")}))
        system.command("jobs", "cancel", str(training(system)["id"]))
        time.sleep(15)
        again = rounds(system, count)
    figures = {"idle": idle, "beside_training": beside, "idle_again": again}
    for name, times in figures.items():
        print(json.dumps({name: {"median": median(times), "worst": max(times), "all": times}}))
    print(json.dumps({"ratio": round(median(beside) / median(idle + again), 3)}))


if __name__ == "__main__":
    main()
