"""Durations, numbers and sizes as people read them. Durations have words in both languages."""

import math

from bot.i18n.catalogue import Language

_BAR = " ▏▎▍▌▋▊▉█"
_UNITS = {
    "ja": (("日", 86_400), ("時間", 3600), ("分", 60), ("秒", 1)),
    "en": ((" d", 86_400), (" h", 3600), (" min", 60), (" s", 1)),
}


def duration(seconds: float, language: Language) -> str:
    """Return a duration by its two largest units: `2 h 5 min`, `2時間5分`."""
    if not math.isfinite(seconds):
        return "?"
    left = max(0, round(seconds))
    words: list[tuple[int, str]] = []
    for unit, size in _UNITS[language]:
        count, left = divmod(left, size)
        if count or (words and left) or unit.strip() in ("s", "秒"):
            words.append((count, unit))
    shown = [f"{count}{unit}" for count, unit in words[:2] if count]
    return ("" if language == "ja" else " ").join(shown) or f"0{_UNITS[language][-1][0]}"


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
