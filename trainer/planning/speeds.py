"""How fast this host trained each model, and how long a training will therefore take.

Speeds are kept in one small JSON file under the home folder, by host, model and way of computing.
A stopped process must not look slow: a speed is the median over what was timed.
"""

import json
import platform
from collections import deque
from contextlib import suppress
from pathlib import Path
from statistics import median

from trainer.files import write_text

KEPT = 30
"""Timings the running median looks back on."""


class Stopwatch:
    """Collects tokens with the seconds they took; the median is not moved by a stop of minutes."""

    def __init__(self) -> None:
        self._speeds: deque[float] = deque(maxlen=KEPT)
        self.seconds = 0.0

    def add(self, tokens: int, seconds: float) -> None:
        """Note that `tokens` took `seconds`."""
        if tokens and seconds > 0:
            self._speeds.append(tokens / seconds)
            self.seconds += seconds

    @property
    def tokens_per_second(self) -> float | None:
        """The median speed, None before anything was timed."""
        return median(self._speeds) if self._speeds else None


def key(model: str, precision: str, processes: int) -> str:
    """Return what a speed depends on, as a key."""
    return f"{platform.node()}/{model}/{precision}/{processes}"


def recall(home: Path, of: str) -> float | None:
    """Return the tokens per second last measured for `of`, None if never."""
    value = _read(home / "speeds.json").get(of)
    return float(value) if isinstance(value, (int, float)) and value > 0 else None


def remember(home: Path, of: str, tokens_per_second: float) -> None:
    """Keep a speed; a file that cannot be written is not worth failing a training for."""
    file = home / "speeds.json"
    speeds = {**_read(file), of: round(tokens_per_second, 2)}
    with suppress(OSError):
        write_text(file, json.dumps(speeds, indent=2), durable=False)


def _read(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
