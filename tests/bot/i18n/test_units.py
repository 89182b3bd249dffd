"""Numbers as people read them."""

import pytest

from bot.i18n import units
from bot.i18n.lookup import Language


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (0, "0 s", "0秒"),
        (59.6, "1 min", "1分"),
        (61, "1 min 1 s", "1分1秒"),
        (3600, "1 h", "1時間"),
        (3605, "1 h", "1時間"),
        (7500, "2 h 5 min", "2時間5分"),
        (5 * 86_400 + 7200, "5 d 2 h", "5日2時間"),
        (float("inf"), "?", "?"),
        (-1, "0 s", "0秒"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, english: str, japanese: str) -> None:
    said: dict[Language, str] = {"en": english, "ja": japanese}
    for language, words in said.items():
        assert units.duration(seconds, language) == words


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "░░░░"), (0.5, "██░░"), (0.53, "██▏░"), (1, "████")]
)
def test_a_bar_fills_by_eighths(share: float, shown: str) -> None:
    assert units.bar(share, 4) == shown


def test_sizes_counts_and_differences() -> None:
    assert units.size(3_700_000_000) == "3.7 GB"
    assert units.size(12) == "12 B"
    assert units.count(15015) == "15,015"
    assert units.signed(-0.2444) == "−0.244"
