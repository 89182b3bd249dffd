"""Drills: the whole system under load while it is killed and its surroundings fail, by a seed.

Each is a command with figures, `python -m tests.drills.NAME`; the same seed makes the same plan of
faults, though never the same timing. The rule is checked from outside, at the local workspace:
every question has exactly one final message, with the whole text, in its own thread. Short forms
are tests; the long ones take up to an hour.
"""
