"""How fast this host trained each model before, in tokens per second.

Speeds are kept in `speeds.json` in the home folder, by host, model, precision and processes. A
speed is the median over timed packs, so that a pause of the process does not lower it. This module
does not know what is trained.
"""

import json
import platform
from collections import deque
from contextlib import suppress
from pathlib import Path
from statistics import median

from trainer.files import write_text

WINDOW = 30
"""How many of the last packs the median is taken over."""


class Stopwatch:
    """Times packs: their median speed, and the sum of the seconds that they took."""

    def __init__(self) -> None:
        self._speeds: deque[float] = deque(maxlen=WINDOW)
        self.seconds = 0.0

    def add(self, tokens: int, seconds: float) -> None:
        """Count a pack of `tokens` that took `seconds`."""
        if tokens and seconds > 0:
            self._speeds.append(tokens / seconds)
            self.seconds += seconds

    @property
    def tokens_per_second(self) -> float | None:
        """The median speed, None before anything was timed."""
        return median(self._speeds) if self._speeds else None


def key(model: str, precision: str, processes: int) -> str:
    """Return the key of a speed on this host: the host's name and all that a speed depends on."""
    return f"{platform.node()}/{model}/{precision}/{processes}"


def recall(home: Path, key: str) -> float | None:
    """Return the tokens per second last measured under `key`, None if there is no usable value."""
    value = _read(home / "speeds.json").get(key)
    return float(value) if isinstance(value, (int, float)) and value > 0 else None


def remember(home: Path, key: str, tokens_per_second: float) -> None:
    """Keep a speed under `key`; does nothing if the file cannot be written."""
    file = home / "speeds.json"
    speeds = {**_read(file), key: round(tokens_per_second, 2)}
    with suppress(OSError):
        write_text(file, json.dumps(speeds, indent=2), durable=False)


def _read(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
