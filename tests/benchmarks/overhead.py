"""The system's share of the time to the first text: python -m tests.benchmarks.overhead [COUNT].

That is the time from a question's arrival at the local workspace (the ts that the server gives it)
to the first text in the thread (the ts of the bot's message), minus the engine's own time to its
first token, which is in the job's final event. All parts are real: Socket Mode, Bolt, Valkey,
Celery and the model.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from tests.system.workspace import System, running_system


def overhead(system: System, number: int) -> float:
    """Ask one question and return the seconds to its first text without the engine's."""
    ts = system.workspace.say(f"<@UBOT> Tell me one fact about the number {number}.")
    (message,) = system.workspace.answers(ts)
    job = message["metadata"]["event_payload"]["job"]
    events = json.loads(system.command("jobs", "show", job, "--json").stdout)["events"]
    engine: float = events[-1]["data"]["first_token_seconds"]
    return float(message["ts"]) - float(ts) - engine


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(Path(folder), "auto", SWALLOW_MAX_NEW_TOKENS="16") as system,
    ):
        overhead(system, 0)
        seconds = sorted(overhead(system, number) for number in range(1, count + 1))
    print(f"questions           {count}")
    print(f"overhead, median    {statistics.median(seconds) * 1000:.0f} ms")
    print(f"overhead, 95 %      {seconds[int(count * 0.95) - 1] * 1000:.0f} ms")
    print(f"overhead, worst     {seconds[-1] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
