"""How long tests wait for what must happen."""

SECONDS = 300
"""Enough for a machine that does much else: a test that passes never waits so long."""

MILLISECONDS = 1000 * SECONDS
"""The same for Playwright."""
