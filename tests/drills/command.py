"""How a drill ends as a command: its figures as a JSON object, and exit code 1 where it failed."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

Figures = dict[str, Any]


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
