"""A drill as a command: its counts are options, its figures come as a JSON object, and it exits
with 1 where it failed."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

Figures = dict[str, Any]


def parser_of(
    description: str | None, counts: Mapping[str, tuple[int, str]]
) -> argparse.ArgumentParser:
    """Return a parser with an option for each count: its default, and what it counts."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    for name, (default, help) in counts.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{help} ({default})")
    return parser


def run_as_command(
    run: Callable[[Path, argparse.Namespace], Figures],
    good: Callable[[Figures], bool],
    options: argparse.Namespace,
) -> NoReturn:
    """Run a drill in a folder of its own, print its figures and exit."""
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        figures = run(Path(folder), options)
    print(json.dumps(figures, indent=1))
    sys.exit(0 if good(figures) else 1)
