"""How long tests wait for what must happen."""

SECONDS = 180
"""Enough for a machine that does much else: a test that passes never waits so long."""
