"""The audit log: who did what to adapters and trainings, when, and what came of it.

One JSON object per line in `$SWALLOW_HOME/audit.jsonl`, readable by its owner alone. Lines are only
ever added. It holds names and ids, never a question's text.
"""

import errno
import getpass
import json
import os
import time
from pathlib import Path
from typing import Any, Literal

from trainer.files import make_private

_LAST_BYTES = 64 * 1024
"""How much of the log is read for its newest lines."""

Outcome = Literal["done", "refused", "failed"]


def operator() -> str:
    """Return who acts at the terminal, for `write`."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = str(os.getuid())
    return f"operator:{name}"


class Audit:
    """The log of one home."""

    def __init__(self, home: Path) -> None:
        self.file = home / "audit.jsonl"

    def check(self) -> None:
        """Make sure that a line can be written.

        Raises:
            OSError: it cannot, or the disk is full.
        """
        descriptor = self._open()
        try:
            if os.fstatvfs(descriptor).f_bavail == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.file))
        finally:
            os.close(descriptor)

    def write(
        self,
        *,
        who: str,
        action: str,
        target: str,
        outcome: Outcome,
        reason: str = "",
        team: str = "",
        channel: str = "",
        records: int = 0,
    ) -> None:
        """Add a line; `who` is a Slack user id, or `operator:<name>` at the terminal; `records` is
        how many were removed.

        Raises:
            OSError: it cannot be written; an action that leaves no trace must not be done.
        """
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "who": who,
            "action": action,
            "target": target,
            "outcome": outcome,
            "reason": reason,
            "team": team,
            "channel": channel,
            "records": records,
        }
        text = json.dumps({key: value for key, value in line.items() if value}, ensure_ascii=False)
        descriptor = self._open()
        try:
            # One write to a file opened for appending: lines of several processes do not mix.
            content = f"{text}\n".encode()
            if os.write(descriptor, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.file))
        finally:
            os.close(descriptor)

    def last(self, count: int) -> list[dict[str, Any]]:
        """Return the newest lines, the newest first; [] where the log cannot be read."""
        try:
            with self.file.open("rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - _LAST_BYTES))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return []
        found: list[dict[str, Any]] = []
        for line in reversed(lines):
            try:
                entry = json.loads(line)
            except ValueError:  # the first may begin in its middle
                continue
            if isinstance(entry, dict) and len(found) < count:
                found.append(entry)
        return found

    def _open(self) -> int:
        make_private(self.file.parent)
        return os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
