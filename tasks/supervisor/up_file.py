"""The file `$SWALLOW_HOME/up.json`: which processes `swallow up` runs on this home.

`swallow up` writes it at each change, `swallow status` reads it.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.files import write_text


def path_of(home: Path) -> Path:
    """Return the file of a home."""
    return home / "up.json"


def write(
    home: Path,
    *,
    workspace: str | None,
    parts: Mapping[str, int | None],
    ends: Mapping[str, str] | None = None,
) -> None:
    """Write the address of the local workspace and the process id of each part.

    A part that is between two runs has no process id; `ends` says how runs ended.

    Raises:
        OSError: the file cannot be written.
    """
    facts = {
        "pid": os.getpid(),
        "workspace": workspace,
        "parts": dict(parts),
        "ends": dict(ends or {}),
    }
    write_text(path_of(home), json.dumps(facts), durable=False)


def read(home: Path) -> dict[str, Any]:
    """Return what was written; empty where no `swallow up` runs on this home."""
    try:
        facts: dict[str, Any] = json.loads(path_of(home).read_text("utf-8"))
        if Path(f"/proc/{int(facts['pid'])}").exists():
            return facts
    except (OSError, ValueError, KeyError):
        pass
    return {}


def remove(home: Path) -> None:
    """Delete the file, if it is there."""
    path_of(home).unlink(missing_ok=True)
