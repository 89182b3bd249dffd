"""What the machine gives breaks: the disk is full, the clock jumps, memory runs short.

    python -m tests.drills.machine --only disk --seed 1

Prints the figures as one JSON object; exits with 1 if a question was not answered rightly, or the
training's adapter is not that of the undisturbed one. Disk and memory need root; a part that this
machine does not allow is left out, with a line that says why.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.drills.command import parser_of
from tests.drills.machine import clock, disk, memory

PARTS = {"disk": disk.run, "clock": clock.run, "memory": memory.run}


def options_of(arguments: list[str]) -> argparse.Namespace:
    """Parse the command's options."""
    counts = {
        "questions": (20, "questions of the disk, and of each jump and squeeze"),
        "different": (12, "how many different questions there are"),
        "rounds": (2, "how often each question is asked undisturbed before"),
        "full-seconds": (30, "how long the disk is full"),
        "jumps": (3, "jumps forward, and as many back"),
        "squeezes": (5, "times that memory runs short"),
        "seed": (int(time.time()), "of the questions"),
    }
    parser = parser_of(__doc__, counts)
    parser.add_argument("--only", choices=list(PARTS), help="one part instead of all")
    parser.add_argument("--engine", default="auto")
    return parser.parse_args(arguments)


def why_not(part: str) -> str:
    """Say why this machine does not allow a part; empty where it does."""
    if part == "clock":
        return "" if clock.library() else "libfaketime is not installed"
    if os.geteuid() != 0:
        return "it needs root"
    return memory.why_not() if part == "memory" else disk.why_not()


def good(figures: dict[str, Any]) -> bool:
    """Tell whether nothing was lost, doubled or garbled, and the adapter is as it should be."""
    return set(figures["questions"]) == {"answered"} and all(figures.get("same_adapters", []))


def main() -> None:
    """Run the drill with the options of the command line."""
    options = options_of(sys.argv[1:])
    figures: dict[str, Any] = {}
    for part in [options.only] if options.only else PARTS:
        if why := why_not(part):
            print(f"{part}: left out, {why}", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(prefix="machine-") as folder:
            figures[part] = PARTS[part](Path(folder), options)
    print(json.dumps({"seed": options.seed, **figures}, indent=1, ensure_ascii=False))
    sys.exit(0 if all(map(good, figures.values())) else 1)


if __name__ == "__main__":
    main()
