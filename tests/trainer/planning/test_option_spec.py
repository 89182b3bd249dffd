"""The bounds of an option accept what their words say."""

import pytest

from trainer.planning.option_spec import Bounds


@pytest.mark.parametrize(
    ("bounds", "words", "inside", "outside"),
    [
        (Bounds(least=1), "1 or more", [1, 10**9], [0, float("inf"), float("nan")]),
        (Bounds(least=1, most=512), "from 1 to 512", [1, 512], [0, 513]),
        (Bounds(least=0, most=1, below=True), "from 0 to below 1", [0, 0.99], [-0.1, 1]),
        (Bounds(least=0, most=1, above=True), "above 0 and at most 1", [1e-9, 1], [0, 1.1]),
        (Bounds(least=0, most=5, above=True, below=True), "above 0 and below 5", [1], [0, 5]),
        (Bounds(least=0, above=True), "above 0", [0.1], [0, float("inf")]),
    ],
)
def test_bounds_hold_what_they_say(
    bounds: Bounds, words: str, inside: list[float], outside: list[float]
) -> None:
    assert str(bounds) == words
    assert all(value in bounds for value in inside)
    assert not any(value in bounds for value in outside)
