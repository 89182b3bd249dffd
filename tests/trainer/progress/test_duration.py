"""Durations by their largest units."""

import pytest

from trainer.progress.duration import duration, largest_units


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(42, "42 s"), (600, "10 min"), (3 * 3600 + 300, "3 h 5 min"), (187200, "2 d 4 h")],
)
def test_durations_are_short(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "most", "units"),
    [
        (0.4, 2, [(0, "s")]),
        (59.6, 2, [(1, "min")]),
        (754, 2, [(12, "min"), (34, "s")]),
        (754, 1, [(12, "min")]),
        (86_400 + 60, 2, [(1, "d")]),
        (-3, 2, [(0, "s")]),
    ],
)
def test_what_is_below_the_last_unit_is_cut_off(
    seconds: float, most: int, units: list[tuple[int, str]]
) -> None:
    assert largest_units(seconds, most) == units
