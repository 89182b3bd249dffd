"""Durations as people read them: rounded to seconds, shown by their largest units.

`largest_units` names the units; a front end may show words of another language for them.
"""

import math

UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
"""Each unit with its seconds, the largest first."""


def largest_units(seconds: float, most: int = 2) -> list[tuple[int, str]]:
    """Return the largest unit of a finite duration and those right below it, `most` in all.

    Units that count zero are left out, except for `0 s`; what is below the last unit is cut off.
    Negative durations count as zero.
    """
    left = max(0, round(seconds))
    counts: list[tuple[int, str]] = []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        if count or counts:
            counts.append((count, unit))
    shown = [(count, unit) for count, unit in counts[:most] if count]
    return shown or [(0, "s")]


def duration(seconds: float, most: int = 2) -> str:
    """Return a duration in English by its `most` largest units: `3 h 5 min`; `?` if infinite."""
    if not math.isfinite(seconds):
        return "?"
    return " ".join(f"{count} {unit}" for count, unit in largest_units(seconds, most))
