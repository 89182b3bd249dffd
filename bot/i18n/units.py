"""Durations, numbers and sizes as people read them. Durations have words in both languages."""

import math

from bot.i18n.lookup import Language
from trainer.progress.duration import duration as english_duration
from trainer.progress.duration import largest_units

_BAR = " ▏▎▍▌▋▊▉█"
_JAPANESE = {"d": "日", "h": "時間", "min": "分", "s": "秒"}


def duration(seconds: float, language: Language) -> str:
    """Return a duration by its two largest units: `2 h 5 min`, `2時間5分`; `?` if infinite."""
    if language == "en" or not math.isfinite(seconds):
        return english_duration(seconds)
    return "".join(f"{count}{_JAPANESE[unit]}" for count, unit in largest_units(seconds))


def count(number: float) -> str:
    """Return a number, rounded to a whole one, with commas between its thousands."""
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Return bytes in the largest fitting unit, decimal as disks and Slack count."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def loss(value: float) -> str:
    """Return a loss (nats per token) with three decimals; more would be noise."""
    return f"{value:.3f}"


def signed(value: float, digits: int = 3) -> str:
    """Return a difference with its sign; the minus is U+2212."""
    return f"{value:+.{digits}f}".replace("-", "−")


def bar(share: float, width: int = 20) -> str:
    """Return a bar of `width` block characters; the share, from 0 to 1, is drawn in eighths."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_BAR[part] if part else "")
    return filled + "░" * (width - len(filled))
