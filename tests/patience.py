"""How tests wait for what must happen, and how long."""

import time
from collections.abc import Callable

SECONDS = 300
"""Enough for a machine that does much else: a test that passes never waits so long."""

MILLISECONDS = 1000 * SECONDS
"""The same for Playwright."""


def until(
    condition: Callable[[], object], problem: Callable[[], object] = lambda: "timeout"
) -> None:
    """Wait until `condition` holds; fail with `problem` when it never does."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, problem()
        time.sleep(0.02)
